"""Logging in: a credential in, who it is out. Counts, slows and logs what fails; no credential is ever logged."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from server.access.api_keys import ApiKeys
from server.access.credentials import key_id_of, looks_like_key, looks_like_token
from server.access.json_web_tokens import TokenVerifier
from server.access.login import CredentialKind, Login
from server.access.principals import Principals
from server.access.throttle import Throttle
from server.errors import LimitExceeded, Unauthenticated
from server.logs import logger

WAITING_FACTOR = 16  # logins that may wait for each one that runs
WAIT_S_MAX = 5.0
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
        self._hashing = _Places(running_max)
        self._reading = _Places(running_max)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._lines = _Lines()
        self._log = logger("access")

    def with_name(self, name: str, secret: str, address: str) -> Login:
        """A name and a password, key or token, as Basic credentials have. Raises Unauthenticated, LimitExceeded."""
        if looks_like_key(secret) or (self._tokens is not None and looks_like_token(secret)):
            return self.with_bearer(secret, address, name)

        def check() -> Login:
            with self._hashing.one():
                return Login(self._principals.with_password(name, secret), "password")

        return self._attempt("password", name, name, address, check)

    def with_bearer(self, secret: str, address: str, name: str = "") -> Login:
        """A key or token. name: whom it must be, '' for anyone. Not slowed by name: nobody guesses it, and who guesses
        passwords shall not keep a key out."""
        kind: CredentialKind = "key" if looks_like_key(secret) else "token"

        def check() -> Login:
            with self._reading.one():
                login = self._keys.log_in(secret) if kind == "key" else self._with_token(secret)
            if name and login.principal.name != name:
                raise Unauthenticated(f"the {kind} is not of this principal")
            return login

        return self._attempt(kind, "", name or key_id_of(secret), address, check)

    def with_certificate(self, subject: str, address: str) -> Login:
        def check() -> Login:
            with self._reading.one():
                return Login(self._principals.with_certificate(subject), "certificate")

        return self._attempt("certificate", "", subject, address, check)

    def check_delay(self, name: str, address: str) -> None:
        """Raises LimitExceeded while this name or address has to wait."""
        self._throttle.check(name, address)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(kind of credential, 'ok', 'failed' or 'delayed') → logins since the start."""
        with self._lock:
            return dict(self._counts)

    def _with_token(self, token: str) -> Login:
        if self._tokens is None:
            raise Unauthenticated("this server takes no JSON Web Tokens")
        accepted = self._tokens.verify(token)
        return Login(self._principals.enabled(accepted.principal), "token", None, accepted.expires_at)

    def _attempt(
        self, kind: CredentialKind, slowed: str, shown: str, address: str, check: Callable[[], Login]
    ) -> Login:
        """slowed: the name whose failures count, '' for the address alone. shown: whom the log names."""
        said = {"principal": shown[:SHOWN_CHARS_MAX], "peer": address, "credential": kind}
        try:
            self._throttle.check(slowed, address)
        except LimitExceeded:
            self._count(kind, "delayed")
            raise
        try:
            login = check()
        except Unauthenticated as error:
            self._count(kind, "failed")
            failures = self._throttle.failed(slowed, address)
            if (unlogged := self._lines.take()) is not None:
                self._log.warning("login failed", **said, failures=failures, reason=str(error), unlogged=unlogged)
            raise
        self._count(kind, "ok")
        if slowed:
            self._throttle.succeeded(slowed, address)
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


class _Places:
    """So many at once, some more wait for a while, the rest is refused: argon2 takes 64 MiB and a core for each."""

    def __init__(self, running_max: int) -> None:
        self._running = threading.Semaphore(running_max)
        self._known = threading.Semaphore(running_max * (1 + WAITING_FACTOR))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises LimitExceeded."""
        if not self._known.acquire(blocking=False):
            raise LimitExceeded("logins_running_max", "too many logins wait: try again in a second")
        try:
            if not self._running.acquire(timeout=WAIT_S_MAX):
                raise LimitExceeded("logins_running_max", "too many logins at once: try again in a second")
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._known.release()
