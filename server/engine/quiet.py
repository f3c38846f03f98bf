"""Many use the lake, or one alone: for the moments in which its files are removed and its catalog is exchanged.

What streams to clients is not counted here but among the running statements; see `sessions/clearing.py`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import Unavailable

BUSY = "the lake is still in use by {number} of the server's own threads"


class Quiet:
    """A thread that uses the lake may say so again; the one that has it alone uses it freely."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._active = 0
        self._alone: int | None = None  # the thread that has it, or waits for it
        self._depth = threading.local()

    @contextmanager
    def using(self) -> Iterator[None]:
        """Use the lake; waits while another thread has it alone."""
        depth = getattr(self._depth, "value", 0)
        if not depth:
            me = threading.get_ident()
            with self._changed:
                while self._alone not in (None, me):
                    self._changed.wait()
                self._active += 1
        self._depth.value = depth + 1
        try:
            yield
        finally:
            self._depth.value = depth
            if not depth:
                with self._changed:
                    self._active -= 1
                    self._changed.notify_all()

    @contextmanager
    def alone(self, wait_s: float) -> Iterator[None]:
        """Nobody else uses the lake meanwhile: who begins waits, who has begun is waited for.

        The thread may not use it already. Raises Unavailable if others go on for longer than wait_s.
        """
        deadline = time.monotonic() + wait_s
        with self._changed:
            while self._alone is not None:
                self._changed.wait()
            self._alone = threading.get_ident()
        try:
            self._wait(deadline)
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()

    def _wait(self, deadline: float) -> None:
        with self._changed:
            while self._active:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise Unavailable(BUSY.format(number=self._active))
