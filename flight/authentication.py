"""Who is calling: the headers of a call, or its client certificate, find or open a session.

A Handshake opens a session of its own and answers with its bearer token. Credentials that come with every call (Basic,
a key, a JSON Web Token, a certificate) share one session each, so that clients neither pay the check each time nor
leave a session behind with each call. pyarrow tells the peer's address and certificate to handlers only, so all but
Handshakes and bearer tokens of sessions wait for the handler.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

import pyarrow.flight as fl

from flight.errors import flight_error
from server.access.credentials import looks_like_key, looks_like_token
from server.access.login import Login
from server.access.logins import Logins
from server.engine.locks import TableLocks
from server.errors import Unauthenticated
from server.sessions.registry import Sessions
from server.sessions.session import Session

MIDDLEWARE = "session"
HEADER = "authorization"
UNKNOWN = ""  # a Handshake's address


@dataclass(frozen=True)
class Sent:
    """What a header holds. text: as it came. secret: a password, a key or a JSON Web Token."""

    scheme: str
    text: str
    name: str
    secret: str


class SessionMiddleware(fl.ServerMiddleware):
    """Carries the call's credential to the handler, which asks `session`; answers a Handshake with a bearer token."""

    def __init__(self, find: Callable[[Any], Session], token: str | None = None) -> None:
        self._find = find
        self._token = token

    def session(self, context: Any) -> Session:
        """The session of this call. Raises Unauthenticated, LimitExceeded."""
        return self._find(context)

    def sending_headers(self) -> dict[str, str]:  # type: ignore[override]
        return {HEADER: f"Bearer {self._token}"} if self._token else {}


class Authentication(fl.ServerMiddlewareFactory):
    """takes_certificates: for a port without Handshakes whose clients all have shown a certificate."""

    def __init__(self, logins: Logins, sessions: Sessions, takes_certificates: bool = False) -> None:
        super().__init__()
        self._logins = logins
        self._sessions = sessions
        self._takes_certificates = takes_certificates
        self._key = secrets.token_bytes(32)
        self._opening = TableLocks()  # by credential, so that two first calls at once open one session

    def start_call(  # type: ignore[override]
        self, info: Any, headers: Mapping[str, list[str]]
    ) -> SessionMiddleware:
        try:
            return self._start(info, headers)
        except Exception as error:  # noqa: BLE001 - nothing but Flight errors may leave
            raise flight_error(error) from None

    def _start(self, info: Any, headers: Mapping[str, list[str]]) -> SessionMiddleware:
        values = next((v for k, v in headers.items() if k.lower() == HEADER), [])
        scheme, _, credential = (_text(values[0]) if values else "").partition(" ")
        credential = credential.strip()
        handshake = info.method == fl.FlightMethod.HANDSHAKE
        match scheme.lower():
            case "bearer" if looks_like_key(credential) or looks_like_token(credential):
                log_in = partial(self._logins.with_bearer, credential)
                return self._logging_in(handshake, Sent("bearer", credential, "", credential), log_in)
            case "bearer":
                session = self._sessions.find(credential)
                return SessionMiddleware(lambda context: self._sessions.seen(session, _peer(context)))
            case "basic":
                name, secret = _decoded(credential)
                log_in = partial(self._logins.with_name, name, secret)
                return self._logging_in(handshake, Sent("basic", credential, name, secret), log_in)
            case "" if self._takes_certificates and not handshake:
                return SessionMiddleware(self._with_certificate)
        raise Unauthenticated("log in with a name and a password, or send a bearer token, a key or a JSON Web Token")

    def _logging_in(self, handshake: bool, sent: Sent, log_in: Callable[[str], Login]) -> SessionMiddleware:
        if not handshake:
            return SessionMiddleware(lambda context: self._of_header(context, sent, log_in))
        token, session = self._sessions.open(lambda: log_in(UNKNOWN))
        return SessionMiddleware(lambda _: session, token)

    def _with_certificate(self, context: Any) -> Session:
        try:
            subject = context.peer_identity().decode()
        except UnicodeDecodeError:
            subject = ""
        if not subject:
            raise Unauthenticated("the client certificate has neither a subject alternative name nor a common name")
        return self._shared(context, "certificate", subject, partial(self._logins.with_certificate, subject))

    def _of_header(self, context: Any, sent: Sent, log_in: Callable[[str], Login]) -> Session:
        # Around the comparison with what is remembered, or passwords could be guessed without delay.
        with self._logins.comparing(sent.name, sent.secret, _peer(context)):
            return self._shared(context, sent.scheme, sent.text, log_in)

    def _shared(self, context: Any, kind: str, credential: str, log_in: Callable[[str], Login]) -> Session:
        """The session that all calls with this credential share; opened by the first."""
        address, digest = _peer(context), remembered_as(self._key, kind, credential)
        if (session := self._sessions.find_shared(digest, address)) is not None:
            return session
        with self._opening.holding(digest.hex()):
            if (session := self._sessions.find_shared(digest, address)) is not None:
                return session
            token, session = self._sessions.open(lambda: log_in(address), digest, address)
        context.add_header(HEADER, f"Bearer {token}")
        return session


class Handshakes(fl.ServerAuthHandler):
    """Lets the Handshake call through: the middleware has done the login by then."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        """Nothing to exchange beyond the headers."""

    def is_valid(self, token: bytes) -> str:  # type: ignore[override]
        return ""


def remembered_as(key: bytes, kind: str, credential: str) -> bytes:
    """What a credential is remembered by: one of another kind never has the same, whatever its text."""
    return hmac.digest(key, f"{kind}\0{credential}".encode(), "sha256")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _decoded(credentials: str) -> tuple[str, str]:
    try:
        # Some clients leave out the padding.
        text = base64.b64decode(credentials + "==").decode()
    except (binascii.Error, ValueError):
        raise Unauthenticated("the Basic credentials are not base64 of name:password") from None
    name, colon, password = text.partition(":")
    if not colon:
        raise Unauthenticated("the Basic credentials are not base64 of name:password")
    return name, password


def _peer(context: Any) -> str:
    """The address of gRPC's 'ipv4:127.0.0.1:50000' or 'ipv6:%5B::1%5D:50000'; '' if it is neither."""
    family, _, rest = str(context.peer()).partition(":")
    return unquote(rest).rpartition(":")[0].strip("[]") if family in ("ipv4", "ipv6") else UNKNOWN
