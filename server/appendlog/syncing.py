"""Group commit: one fsync serves all who wait for it, and another follows soon for what nobody waits for."""

import queue
import threading
import time
from collections.abc import Callable

from server.errors import LogUnavailable
from server.logs import logger

_log = logger("append_log")


class GroupSync:
    """sync(): fsyncs what is written by now and tells the last sequence that this covers, or raises OSError.

    The first who waits does it for all whose records are written by then; who comes meanwhile waits for the next one.
    """

    def __init__(self, sync: Callable[[], int], written: Callable[[], int], interval_s: float) -> None:
        self._sync = sync
        self._written = written
        self._interval_s = interval_s
        self._turn = threading.Condition()
        self._leading = False
        self._synced = 0
        self._failed = (0, 0)  # sequences after the first and up to the second were not made durable
        self._asked = False
        # Unlike an Event it may be used by a destructor that the garbage collector runs in the middle of using it.
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log-sync", daemon=True)
        self._thread.start()

    def soon(self) -> None:
        """Make what is written by now durable within the interval. Returns at once."""
        if not self._asked:
            self._asked = True
            self._wake.put(True)

    def wait_for(self, sequence: int) -> None:
        """Return once the record is durable. Raises LogUnavailable if the device refused."""
        with self._turn:
            while True:
                if self._failed[0] < sequence <= self._failed[1]:
                    raise LogUnavailable("the log could not be written to its device")
                if sequence <= self._synced:
                    return
                if self._leading:
                    self._turn.wait()
                else:
                    self._lead()

    def stop(self) -> None:
        """Make everything durable and end the thread."""
        self._wake.put(False)
        self._thread.join()
        self._sync_in_background()

    def _lead(self) -> None:
        """Called and returning with the turn held; not held while the device works."""
        self._leading = True
        self._turn.release()
        synced, error = 0, None
        try:
            synced = self._sync()
        except OSError as caught:
            error = caught
        finally:
            self._turn.acquire()
            self._leading = False
            if error is not None:
                self._failed = (self._synced, self._written())
            self._synced = max(self._synced, synced)
            self._turn.notify_all()
        if error is not None:
            _log.error("the log could not be written to its device", error=error.strerror)

    def _sync_in_background(self) -> None:
        try:
            self.wait_for(self._written())
        except LogUnavailable:
            return  # logged where it failed

    def _run(self) -> None:
        while self._wake.get():
            time.sleep(self._interval_s)
            self._asked = False
            self._sync_in_background()
