"""The thread that brings copies up to date: when a query found them behind, and every so often."""

import threading
import time
from collections.abc import Callable

from server.logs import logger

LOOK_S = 1.0
PAUSE = 3.0  # after following for a second it rests for three: writers come first
PAUSE_S_MAX = 10.0

_log = logger("cache")


class Worker:
    def __init__(self, follow: Callable[[], None]) -> None:
        """follow: brings the copies up to date if they are behind."""
        self._follow = follow
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hot-cache", daemon=True)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, interrupt: Callable[[], None]) -> None:
        """interrupt: ends what it does just now."""
        self._stopping.set()
        self._wake.set()
        interrupt()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.stopping:
            self._wake.wait(LOOK_S)
            self._wake.clear()
            began = time.monotonic()
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - whatever it is, queries read the lake, and the next try may do
                if not self.stopping:
                    _log.warning("the pinned datasets could not follow the lake", error=str(error))
            self._stopping.wait(min(PAUSE * (time.monotonic() - began), PAUSE_S_MAX))
