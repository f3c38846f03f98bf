"""A lock per table for single writes: DuckLake lets an UPDATE or DELETE conflict with any other write to its table."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TableLocks:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def holding(self, table: str) -> Iterator[None]:
        """Hold the table's lock; entries vanish with their last holder."""
        with self._guard:
            lock, holders = self._locks.get(table, (threading.Lock(), 0))
            self._locks[table] = (lock, holders + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, holders = self._locks[table]
                if holders == 1:
                    del self._locks[table]
                else:
                    self._locks[table] = (lock, holders - 1)
