"""Logging in: a credential in, who it is out. Counts, slows and logs what fails; no credential is ever logged."""

import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from server.access.api_keys import ApiKeys
from server.access.credentials import key_id_of, looks_like_key, looks_like_token
from server.access.json_web_tokens import TokenVerifier
from server.access.login import CredentialKind, Login
from server.access.places import PLACES, Places
from server.access.principals import Principals
from server.access.throttle import DELAY, Throttle
from server.errors import LimitExceeded, Unauthenticated
from server.logs import logger

SHOWN_CHARS_MAX = 200
LINES_PER_S_MAX = 20


class Logins:
    """address: of the peer, '' where it is unknown."""

    def __init__(
        self,
        principals: Principals,
        keys: ApiKeys,
        tokens: TokenVerifier | None,
        delay_s_max: float,
        running_max: int,
    ) -> None:
        self._principals = principals
        self._keys = keys
        self._tokens = tokens
        self._throttle = Throttle(delay_s_max)
        self._strong = Throttle(delay_s_max)  # failures of what nobody guesses: for the log, they delay nothing
        self._key = secrets.token_bytes(32)
        self._hashing = Places(running_max)
        self._reading = Places(running_max)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._lines = _Lines()
        self._log = logger("access")

    def with_name(self, name: str, secret: str, address: str) -> Login:
        """A name and a password, key or token, as Basic credentials have. Raises Unauthenticated, LimitExceeded."""
        if not self._is_password(secret):
            return self.with_bearer(secret, address, name)

        def check() -> Login:
            with self._hashing.one():
                return Login(self._principals.with_password(name, secret), "password")

        try:
            with self._throttle.trying(name, address, self._told_apart(name, secret)):
                login = self._attempt(self._throttle, "password", name, name, address, check)
                self._throttle.succeeded(name, address)
        except LimitExceeded as error:
            if error.bound == DELAY:
                self._count("password", "delayed")
            raise
        return login

    def with_bearer(self, secret: str, address: str, name: str = "") -> Login:
        """A key or token. name: whom it must be, '' for anyone. Never delayed: nobody guesses it, and whoever fails
        from the same address shall not keep a right one out."""
        kind: CredentialKind = "key" if looks_like_key(secret) else "token"

        def check() -> Login:
            with self._reading.one():
                login = self._keys.log_in(secret) if kind == "key" else self._with_token(secret)
            if name and login.principal.name != name:
                raise Unauthenticated(f"the {kind} is not of this principal")
            return login

        return self._attempt(self._strong, kind, "", name or key_id_of(secret), address, check)

    def with_certificate(self, subject: str, address: str) -> Login:
        def check() -> Login:
            with self._reading.one():
                return Login(self._principals.with_certificate(subject), "certificate")

        return self._attempt(self._strong, "certificate", "", subject, address, check)

    @contextmanager
    def comparing(self, name: str, secret: str, address: str) -> Iterator[None]:
        """Around the comparison with remembered credentials and the login that follows if there is no such one.

        Raises LimitExceeded while a password has to wait. One that was compared and then not checked, as all places
        were taken, counts as a failure: who takes the places could otherwise guess at remembered ones without delay.
        """
        if not self._is_password(secret):
            yield
            return
        with self._throttle.trying(name, address, self._told_apart(name, secret)):
            try:
                yield
            except LimitExceeded as error:
                if error.bound == PLACES:
                    self._throttle.failed(name, address)
                raise

    def watch(self, end: Callable[[Callable[[object, Login], bool]], int]) -> None:
        """From here on `end` is told which sessions a withdrawn key of JSON Web Tokens has opened."""
        if self._tokens is None:
            return

        def withdrawn(key_ids: frozenset[str]) -> None:
            ended = end(lambda _, login: login.token_key_id in key_ids)
            self._log.warning("keys of JSON Web Tokens were withdrawn", keys=sorted(key_ids), sessions_ended=ended)

        self._tokens.watch(withdrawn)

    def stop(self) -> None:
        if self._tokens is not None:
            self._tokens.stop()

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(kind of credential, 'ok', 'failed' or 'delayed') → logins since the start."""
        with self._lock:
            return dict(self._counts)

    def _with_token(self, token: str) -> Login:
        if self._tokens is None:
            raise Unauthenticated("this server takes no JSON Web Tokens")
        accepted = self._tokens.verify(token)
        principal = self._principals.enabled(accepted.principal)
        return Login(principal, "token", None, accepted.expires_at, accepted.key_id)

    def _is_password(self, secret: str) -> bool:
        return not (looks_like_key(secret) or (self._tokens is not None and looks_like_token(secret)))

    def _told_apart(self, name: str, secret: str) -> bytes:
        """Of no use to whoever reads it in memory without the key, which is this process's own."""
        return hmac.digest(self._key, f"{name}\0{secret}".encode(errors="surrogatepass"), "sha256")

    def _attempt(
        self,
        failures: Throttle,
        kind: CredentialKind,
        counted: str,
        shown: str,
        address: str,
        check: Callable[[], Login],
    ) -> Login:
        """counted: the name whose failures count, '' for the address alone. shown: whom the log names."""
        said = {"principal": shown[:SHOWN_CHARS_MAX], "peer": address, "credential": kind}
        try:
            login = check()
        except Unauthenticated as error:
            self._count(kind, "failed")
            number = failures.failed(counted, address)
            if (unlogged := self._lines.take()) is not None:
                self._log.warning("login failed", **said, failures=number, reason=str(error), unlogged=unlogged)
            raise
        self._count(kind, "ok")
        self._log.info("login", **said | {"principal": login.principal.name})
        return login

    def _count(self, kind: CredentialKind, end: str) -> None:
        with self._lock:
            self._counts[kind, end] += 1


class _Lines:
    """So many log lines a second: what is refused cheaply could otherwise fill the disk."""

    def __init__(self) -> None:
        self._second, self._written, self._unlogged = 0, 0, 0
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """None if this line is one too many, else how many were left out since the last."""
        with self._lock:
            second = int(time.monotonic())
            if second != self._second:
                self._second, self._written = second, 0
            if self._written >= LINES_PER_S_MAX:
                self._unlogged += 1
                return None
            self._written += 1
            unlogged, self._unlogged = self._unlogged, 0
            return unlogged
