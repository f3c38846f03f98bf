"""Results that were computed at once and wait for their ticket: bounded in number and bytes, each fetched once."""

import secrets
import threading
from collections import OrderedDict

import pyarrow as pa

from server.errors import LimitExceeded, NotFound

HELD_MAX = 64


class HeldResults:
    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._tables: OrderedDict[str, pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, table: pa.Table) -> str:
        """Hold the table; the oldest ones that nobody fetched make room. Returns its handle."""
        if table.nbytes > self._bytes_max:
            raise LimitExceeded("result_held_bytes_max", f"the result has {table.nbytes} bytes")
        handle = secrets.token_hex(16)
        with self._lock:
            self._tables[handle] = table
            while len(self._tables) > HELD_MAX or sum(t.nbytes for t in self._tables.values()) > self._bytes_max:
                self._tables.popitem(last=False)
        return handle

    def drop(self, handle: str) -> bool:
        """Whether it was still waiting."""
        with self._lock:
            return self._tables.pop(handle, None) is not None

    def take(self, handle: str) -> pa.Table:
        with self._lock:
            table = self._tables.pop(handle, None)
        if table is None:
            raise NotFound("the result of this ticket was fetched already, or waited too long: run the statement again")
        return table
