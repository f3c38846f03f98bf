"""Places for checks of credentials: bounded in number, since argon2 takes 64 MiB and a core for each."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import LimitExceeded

PLACES = "logins_running_max"
WAITING_FACTOR = 16  # logins that may wait for each one that runs
WAIT_S_MAX = 15.0


class Places:
    """So many at once, some more wait for a while, the rest is refused."""

    def __init__(self, running_max: int) -> None:
        self._running = threading.Semaphore(running_max)
        self._known = threading.Semaphore(running_max * (1 + WAITING_FACTOR))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises LimitExceeded."""
        if not self._known.acquire(blocking=False):
            raise LimitExceeded(PLACES, "too many logins wait: try again in a second")
        try:
            if not self._running.acquire(timeout=WAIT_S_MAX):
                raise LimitExceeded(PLACES, "too many logins at once: try again in a second")
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._known.release()
