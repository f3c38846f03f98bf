"""Keeps DuckLake's schemas where transactions find them. See decision 0014.

A transaction that has changed a schema refers to the entry of DuckLake's cache that it began with. In DuckLake 1.0 two
threads that miss the cache at once each load the entry, the later one replaces the earlier, and what refers to that one
reads freed memory. So the first to read a new schema is the one that made it, while nobody else begins a statement.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_S = 0.5  # a statement that has run for longer has found its names
LOOK_S = 0.002


class SchemaGate:
    """`enter` and `leave` stand around each statement: two operations on a dict, which Python does whole."""

    def __init__(self) -> None:
        self._opened = threading.Condition()
        self._owner: int | None = None
        self._begun: dict[int, float] = {}
        self._numbers = itertools.count()

    def enter(self) -> int:
        """Begin a statement; a number for `leave`. Waits while a changed schema is committed by another thread."""
        number = next(self._numbers)
        while True:
            self._begun[number] = time.monotonic()  # before the look, so that one of the two sees the other
            if self._owner is None or self._owner == threading.get_ident():
                return number
            del self._begun[number]
            with self._opened:
                while self._owner is not None:
                    self._opened.wait()

    def leave(self, number: int) -> None:
        self._begun.pop(number, None)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """No other thread begins a statement meanwhile, and those that have begun know their schema."""
        with self._opened:
            while self._owner is not None:
                self._opened.wait()
            self._owner = threading.get_ident()
        try:
            closed_at = time.monotonic()
            while any(begun > time.monotonic() - YOUNG_S for begun in list(self._begun.values()) if begun <= closed_at):
                time.sleep(LOOK_S)
            yield
        finally:
            with self._opened:
                self._owner = None
                self._opened.notify_all()
