"""Results that were computed at once and wait for their ticket: bounded in number and bytes, each fetched once."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

import pyarrow as pa

from server.errors import EndedForErasure, LimitExceeded, NotFound, Unavailable

HELD_MAX = 64


class HeldBudget:
    """The bytes that wait in all sessions together."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self.bytes = 0

    def take(self, wanted: int) -> None:
        """Raises LimitExceeded."""
        with self._lock:
            if self.bytes + wanted > self._bytes_max:
                raise LimitExceeded("held_bytes_max", f"results of {self.bytes} bytes wait to be fetched")
            self.bytes += wanted

    def give(self, taken: int) -> None:
        with self._lock:
            self.bytes -= taken


class HeldResults:
    """Of one session. bytes_max: of its results together."""

    def __init__(self, bytes_max: int, budget: HeldBudget) -> None:
        self._bytes_max = bytes_max
        self._budget = budget
        self._tables: OrderedDict[str, pa.Table] = OrderedDict()
        self._erased: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, table: pa.Table) -> str:
        """Hold the table; the oldest ones that nobody fetched make room. Returns its handle."""
        if table.nbytes > self._bytes_max:
            raise LimitExceeded("result_held_bytes_max", f"the result has {table.nbytes} bytes")
        handle = secrets.token_hex(16)
        with self._lock:
            if self._closed:
                raise Unavailable("the session has ended")
            while self._tables and (len(self._tables) >= HELD_MAX or self._bytes() + table.nbytes > self._bytes_max):
                self._budget.give(self._tables.popitem(last=False)[1].nbytes)
            self._budget.take(table.nbytes)
            self._tables[handle] = table
        return handle

    def drop(self, handle: str) -> pa.Table | None:
        """The table if it was still waiting."""
        with self._lock:
            if (table := self._tables.pop(handle, None)) is not None:
                self._budget.give(table.nbytes)
            return table

    def take(self, handle: str) -> pa.Table:
        """Raises EndedForErasure, NotFound."""
        if (table := self.drop(handle)) is None:
            if handle in self._erased:
                raise EndedForErasure("the result showed what is erased by now; what its statement wrote is written")
            raise NotFound("the result of this ticket was fetched already, or waited too long: run the statement again")
        return table

    def erase(self, shows: Callable[[pa.Table], bool]) -> None:
        """Forget those that show what is erased."""
        with self._lock:
            found = [handle for handle, table in self._tables.items() if shows(table)]
            for handle in found:
                self._budget.give(self._tables.pop(handle).nbytes)
            self._erased.update(found)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._budget.give(self._bytes())
            self._tables.clear()

    def close(self) -> None:
        """Forget them, and take no more."""
        with self._lock:
            self._closed = True
        self.clear()

    def _bytes(self) -> int:
        return sum(table.nbytes for table in self._tables.values())
