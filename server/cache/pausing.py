"""Holds the cache's work on the lake off: for maintenance that nobody may read beside."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Pausing:
    """Any number works at once, and any number may hold it off."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working = 0
        self._pauses = 0

    @contextmanager
    def working(self) -> Iterator[bool]:
        """Whether the lake may be touched inside. Never waits."""
        with self._changed:
            allowed = not self._pauses
            self._working += allowed
        try:
            yield allowed
        finally:
            with self._changed:
                self._working -= allowed
                self._changed.notify_all()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nobody works inside. Waits for those who do."""
        with self._changed:
            self._pauses += 1
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._working)
            yield
        finally:
            with self._changed:
                self._pauses -= 1
