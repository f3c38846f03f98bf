"""Who is calling: Basic credentials become a bearer token, and the token finds the session."""

import base64
import binascii
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import pyarrow.flight as fl

from flight.errors import flight_error
from server.access.principals import Principals
from server.errors import Unauthenticated
from server.sessions.registry import Sessions
from server.sessions.session import Session

MIDDLEWARE = "session"
REPEATED_MAX = 1000
HEADER = "authorization"


class SessionMiddleware(fl.ServerMiddleware):
    """Carries the call's session to the handler; answers a login with its bearer token."""

    def __init__(self, session: Session, token: str | None) -> None:
        self.session = session
        self._token = token

    def sending_headers(self) -> dict[str, str]:  # type: ignore[override]
        return {HEADER: f"Bearer {self._token}"} if self._token else {}


class Authentication(fl.ServerMiddlewareFactory):
    """A Handshake opens a session of its own. Clients that send Basic credentials with every call share one, so that
    they neither pay the password hash each time nor leave a session behind with each call."""

    def __init__(self, principals: Principals, sessions: Sessions) -> None:
        super().__init__()
        self._principals = principals
        self._sessions = sessions
        self._repeated: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def start_call(  # type: ignore[override]
        self, info: Any, headers: Mapping[str, list[str]]
    ) -> SessionMiddleware:
        try:
            return self._start(info, headers)
        except Exception as error:  # noqa: BLE001 - nothing but Flight errors may leave
            raise flight_error(error) from None

    def _start(self, info: Any, headers: Mapping[str, list[str]]) -> SessionMiddleware:
        values = next((v for k, v in headers.items() if k.lower() == HEADER), [])
        scheme, _, credentials = (values[0] if values else "").partition(" ")
        match scheme.lower():
            case "bearer":
                return SessionMiddleware(self._sessions.find(credentials.strip()), None)
            case "basic" if info.method == fl.FlightMethod.HANDSHAKE:
                return self._log_in(credentials)
            case "basic":
                return self._with_every_call(credentials)
        raise Unauthenticated("log in with a name and a password, or send the bearer token of a session")

    def _log_in(self, credentials: str) -> SessionMiddleware:
        name, password = _decoded(credentials)
        token, session = self._sessions.open(self._principals.log_in(name, password))
        return SessionMiddleware(session, token)

    def _with_every_call(self, credentials: str) -> SessionMiddleware:
        digest = hashlib.sha256(credentials.encode()).digest()
        token = self._repeated.get(digest)
        if token is not None:
            try:
                return SessionMiddleware(self._sessions.find(token), token)
            except Unauthenticated:
                pass  # that session was idle for too long: log in again
        middleware = self._log_in(credentials)
        with self._lock:
            self._repeated[digest] = middleware.sending_headers()[HEADER].removeprefix("Bearer ")
            while len(self._repeated) > REPEATED_MAX:
                self._repeated.popitem(last=False)
        return middleware


class Handshakes(fl.ServerAuthHandler):
    """Lets the Handshake call through: the middleware has done the login by then."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        """Nothing to exchange beyond the headers."""

    def is_valid(self, token: bytes) -> str:  # type: ignore[override]
        return ""


def _decoded(credentials: str) -> tuple[str, str]:
    try:
        # Some clients leave out the padding.
        text = base64.b64decode(credentials.strip() + "==").decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated("the Basic credentials are not base64 of name:password") from None
    name, colon, password = text.partition(":")
    if not colon:
        raise Unauthenticated("the Basic credentials are not base64 of name:password")
    return name, password
