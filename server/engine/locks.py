"""A lock per table around single statements: DuckLake lets an UPDATE or DELETE conflict with any other write to its
table, while inserts run side by side."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.errors import Cancelled, LimitExceeded

PROBE_S = 0.25


@dataclass
class _Lock:
    """sharing: how many inserts run. users: who holds it or waits; an entry goes with its last one."""

    sharing: int = 0
    exclusive: bool = False
    exclusive_waiting: int = 0
    users: int = 0


class TableLocks:
    """wait_s_max: the longest wait in seconds.

    Raises LimitExceeded after it, and Cancelled once `gone` says that nobody waits for the statement any more.
    """

    def __init__(self, wait_s_max: float = threading.TIMEOUT_MAX) -> None:
        self._wait_s_max = wait_s_max
        self._changed = threading.Condition()
        self._locks: dict[str, _Lock] = {}

    @contextmanager
    def holding(self, table: str, gone: Callable[[], bool] | None = None) -> Iterator[None]:
        """Hold the table alone."""
        with self._using(table) as lock:
            with self._changed:
                lock.exclusive_waiting += 1
                try:
                    self._wait(table, lambda: not lock.exclusive and not lock.sharing, gone)
                    lock.exclusive = True
                finally:
                    lock.exclusive_waiting -= 1
            try:
                yield
            finally:
                with self._changed:
                    lock.exclusive = False

    @contextmanager
    def shared(self, table: str, gone: Callable[[], bool] | None = None) -> Iterator[None]:
        """Hold the table beside others that share it. Who waits to hold it alone goes first."""
        with self._using(table) as lock:
            with self._changed:
                self._wait(table, lambda: not lock.exclusive and not lock.exclusive_waiting, gone)
                lock.sharing += 1
            try:
                yield
            finally:
                with self._changed:
                    lock.sharing -= 1

    @contextmanager
    def _using(self, table: str) -> Iterator[_Lock]:
        with self._changed:
            lock = self._locks.setdefault(table, _Lock())
            lock.users += 1
        try:
            yield lock
        finally:
            with self._changed:
                lock.users -= 1
                if not lock.users:
                    del self._locks[table]
                self._changed.notify_all()

    def _wait(self, table: str, free: Callable[[], bool], gone: Callable[[], bool] | None) -> None:
        deadline = time.monotonic() + self._wait_s_max
        while not free():
            left = deadline - time.monotonic()
            if left <= 0:
                raise LimitExceeded("statement_s_max", f"another statement writes to {table}")
            if gone is not None and gone():
                raise Cancelled("the client went away")
            self._changed.wait(min(left, PROBE_S))
