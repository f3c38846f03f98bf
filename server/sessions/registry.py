"""All sessions of this process, by bearer token: bounded in number, ended when idle, too old or withdrawn."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from server.access.credentials import new_session_token
from server.access.login import Login
from server.config import Settings
from server.errors import LimitExceeded, Unauthenticated
from server.logs import logger
from server.sessions.services import Services
from server.sessions.session import Session

SWEEP_S = 15.0
OPEN_TRIES = 3


@dataclass
class OpenSession:
    """digest: of its bearer token. shared: of the credential that calls send instead, b'' for none. age_s_max: how long
    it may last. peer: address of its latest call, '' before the first."""

    session: Session
    login: Login
    digest: bytes
    shared: bytes
    age_s_max: float
    peer: str = ""
    started: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def expired(self) -> bool:
        return time.monotonic() - self.started >= self.age_s_max


class Sessions:
    """Tokens are kept as digests: what is in memory can't be used to log in."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings
        self._by_digest: dict[bytes, OpenSession] = {}
        self._by_shared: dict[bytes, OpenSession] = {}
        self._by_id: dict[str, OpenSession] = {}
        self._withdrawals = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sessions", daemon=True)
        self._thread.start()

    def open(self, log_in: Callable[[], Login], shared: bytes = b"", peer: str = "") -> tuple[str, Session]:
        """A new session and its bearer token. log_in checks the credential; it is asked again if one was withdrawn
        meanwhile, so that none outlives its withdrawal. Raises LimitExceeded and what log_in raises."""
        for _ in range(OPEN_TRIES):
            withdrawals = self._withdrawals
            login = log_in()
            token = new_session_token()
            with self._lock:
                if withdrawals != self._withdrawals:
                    continue
                self._check_bounds(login.principal.name)
                session = Session(self._services, login.principal, bool(shared))
                opened = OpenSession(session, login, _digest(token), shared, self._age_s_max(login), peer)
                self._by_digest[opened.digest] = self._by_id[opened.session.id] = opened
                if shared:
                    self._by_shared[shared] = opened
            return token, opened.session
        raise Unauthenticated("credentials are being withdrawn: log in again")

    def find(self, token: str) -> Session:
        """The session of a bearer token. Raises Unauthenticated."""
        return self._used(self._by_digest.get(_digest(token)), "")

    def seen(self, session: Session, peer: str) -> Session:
        """Note where a call of the session came from."""
        if (opened := self._by_id.get(session.id)) is not None and peer:
            opened.peer = peer
        return session

    def find_shared(self, credential: bytes, peer: str) -> Session | None:
        """The session that calls with this credential share, if it is open."""
        opened = self._by_shared.get(credential)
        return None if opened is None or opened.expired else self._used(opened, peer)

    def close(self, session: Session) -> bool:
        """End a session as its client asks; False for one that other calls share, which ends when it is idle."""
        opened = self._by_id.get(session.id)
        if opened is None or opened.shared:
            return opened is None
        self._end([opened])
        return True

    def end(self, condition: Callable[[Session, Login], bool]) -> int:
        """End every session of which the condition holds, whatever runs in it; how many."""
        with self._lock:
            self._withdrawals += 1
            found = [opened for opened in self._by_id.values() if condition(opened.session, opened.login)]
        self._end(found)
        return len(found)

    def count(self) -> int:
        return len(self._by_digest)

    def current(self) -> list[Session]:
        return [opened.session for opened in list(self._by_id.values())]

    def listed(self) -> list[dict[str, Any]]:
        """A row per session, for the view catalog.sessions."""
        return [_row(opened) for opened in list(self._by_id.values())]

    def interrupt(self) -> None:
        """Stop every running statement, so that its call ends."""
        for opened in list(self._by_id.values()):
            opened.session.cursors.interrupt()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._end(list(self._by_id.values()))

    def _check_bounds(self, principal: str) -> None:
        if len(self._by_digest) >= self._settings.sessions_max:
            raise LimitExceeded("sessions_max", f"{len(self._by_digest)} sessions are open")
        own = sum(opened.login.principal.name == principal for opened in self._by_id.values())
        if own >= self._settings.sessions_per_principal_max:
            raise LimitExceeded("sessions_per_principal_max", f"{own} sessions of {principal} are open")

    def _age_s_max(self, login: Login) -> float:
        if login.expires_at is None:
            return self._settings.session_s_max
        return min(self._settings.session_s_max, login.expires_at - time.time())

    def _used(self, opened: OpenSession | None, peer: str) -> Session:
        if opened is None:
            raise Unauthenticated("the session has ended: log in again")
        if opened.expired:
            raise Unauthenticated("the session has expired: log in again")
        opened.peer = peer or opened.peer
        opened.session.last_used = time.monotonic()
        return opened.session

    def _end(self, found: list[OpenSession]) -> None:
        for opened in found:
            with self._lock:
                self._by_digest.pop(opened.digest, None)
                self._by_id.pop(opened.session.id, None)
                if self._by_shared.get(opened.shared) is opened:
                    del self._by_shared[opened.shared]
            opened.session.close()

    def _sweep(self) -> None:
        shortest_s = min(self._settings.session_idle_s_max, self._settings.session_s_max)
        while not self._stop.wait(min(SWEEP_S, shortest_s / 2)):
            try:
                self._end([opened for opened in list(self._by_id.values()) if self._is_over(opened)])
            except Exception as error:  # noqa: BLE001 - whatever one session does, the others are swept
                logger("sessions").error("a session could not be ended", exc_info=error)

    def _is_over(self, opened: OpenSession) -> bool:
        """An expired session ends with the statement that runs in it; no further one begins."""
        if opened.expired:
            return not opened.session.execution.in_progress
        return opened.session.idle_s > self._settings.session_idle_s_max


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _row(opened: OpenSession) -> dict[str, Any]:
    session = opened.session
    return {
        "session_id": session.id,
        "principal": session.principal.name,
        "credential": opened.login.kind,
        "key_id": opened.login.key_id,
        "shared": bool(opened.shared),
        "peer": opened.peer or None,
        "started_at": opened.started_at,
        "expires_at": opened.started_at + timedelta(seconds=opened.age_s_max),
        "idle_s": session.idle_s,
        "statements_running": len(session.execution.in_progress),
    }
