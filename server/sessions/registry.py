"""All sessions of this process, by bearer token: bounded in number, ended when idle."""

import hashlib
import secrets
import threading
import time

from server.access.principal import Principal
from server.config import Settings
from server.errors import LimitExceeded, Unauthenticated
from server.sessions.execution import Services
from server.sessions.session import Session

SWEEP_S = 15.0


class Sessions:
    """Tokens are kept as digests: what is in memory can't be used to log in."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings
        self._by_digest: dict[bytes, Session] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sessions", daemon=True)
        self._thread.start()

    def open(self, principal: Principal) -> tuple[str, Session]:
        """A new session and its bearer token. Raises LimitExceeded."""
        with self._lock:
            if len(self._by_digest) >= self._settings.sessions_max:
                raise LimitExceeded("sessions_max", f"{len(self._by_digest)} sessions are open")
            token = secrets.token_urlsafe(32)
            session = Session(self._services, principal)
            self._by_digest[_digest(token)] = session
        return token, session

    def find(self, token: str) -> Session:
        session = self._by_digest.get(_digest(token))
        if session is None:
            raise Unauthenticated("the session has ended: log in again")
        session.last_used = time.monotonic()
        return session

    def close(self, session: Session) -> None:
        with self._lock:
            self._by_digest = {k: s for k, s in self._by_digest.items() if s is not session}
        session.close()

    def count(self) -> int:
        return len(self._by_digest)

    def interrupt(self) -> None:
        """Stop every running statement, so that its call ends."""
        for session in list(self._by_digest.values()):
            session.cursors.interrupt()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        for session in list(self._by_digest.values()):
            self.close(session)

    def _sweep(self) -> None:
        while not self._stop.wait(min(SWEEP_S, self._settings.session_idle_s_max / 2)):
            for session in list(self._by_digest.values()):
                if session.idle_s > self._settings.session_idle_s_max:
                    self.close(session)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
