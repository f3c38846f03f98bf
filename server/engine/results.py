"""A result on its way out: batches read as they are asked for, bounded in size, cleaned up however it ends."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from server.engine.batches import BatchBounds, cast
from server.engine.cursor import LakeCursor
from server.engine.translate import translated
from server.errors import LakehouseError, LimitExceeded
from server.logs import logger
from server.sql.wide_integers import check_wide, wide_columns

_log = logger("engine")


@dataclass(frozen=True)
class ResultLimits:
    """What one result may hold; 0 for no limit."""

    rows_max: int = 0
    bytes_max: int = 0

    def check(self, rows: int, result_bytes: int) -> None:
        """Raises LimitExceeded."""
        if self.rows_max and rows > self.rows_max:
            raise LimitExceeded("result_rows_max", f"the result has more than {self.rows_max} rows")
        if self.bytes_max and result_bytes > self.bytes_max:
            raise LimitExceeded("result_bytes_max", f"the result has more than {self.bytes_max} bytes")


class Reader(Protocol):
    """What a result is read from, such as a pa.RecordBatchReader."""

    @property
    def schema(self) -> pa.Schema: ...

    def read_next_batch(self) -> pa.RecordBatch:
        """Raises StopIteration at the end."""

    def close(self) -> None: ...


class ResultStream:
    """An iterator of record batches, all of `schema`.

    on_free(): called once, when the cursor is no longer needed: read to its end, closed, broken or dropped.
    on_end(rows, bytes, error): called once, when the last batch is out or the stream was closed; error None unless it
    broke.
    """

    def __init__(
        self,
        cursor: LakeCursor,
        reader: Reader,
        schema: pa.Schema,
        bounds: BatchBounds,
        limits: ResultLimits,
        on_free: Callable[[], None],
        on_end: Callable[[int, int, LakehouseError | None], None],
    ) -> None:
        self.schema = schema
        self._cursor = cursor
        self._reader = reader
        self._cast = not reader.schema.equals(schema)
        self._wide = wide_columns(schema)
        self._bounds = bounds
        self._limits = limits
        self._on_free = on_free
        self._on_end = on_end
        self._ready: deque[pa.RecordBatch] = deque()
        self._lock = threading.RLock()
        self._rows = 0
        self._bytes = 0
        self._ended = False
        self._drained = False
        self._stopped: LakehouseError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        with self._lock:
            if not self._ready:
                self._pull()
            batch = self._ready.popleft()
            self._rows += batch.num_rows
            self._bytes += batch.nbytes
            try:
                self._limits.check(self._rows, self._bytes)
            except LimitExceeded as error:
                self._end(error)
                raise
            return batch

    def arrow(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self)

    def drain(self, bytes_max: int, deadline: float | None = None) -> None:
        """Read the rest into memory, so that the cursor is free. Raises LimitExceeded past bytes_max or, between two
        batches, past the deadline (time.monotonic()), losing no row."""
        with self._lock:
            while not self._drained and not self._ended:
                if deadline is not None and time.monotonic() > deadline:
                    raise LimitExceeded("queue_wait_s_max", "an earlier result of this connection is still being read")
                if sum(batch.nbytes for batch in self._ready) > bytes_max:
                    raise LimitExceeded("result_held_bytes_max", "an earlier result of this connection is still open")
                try:
                    self._ready.extend(self._read())
                except StopIteration:
                    return
                except LakehouseError as error:
                    self._end(error)  # its reader hears of it; the next statement has nothing to do with it
                    return

    def stop(self, error: LakehouseError) -> None:
        """End the stream from outside: its reader gets `error` after what is on its way. Waits for nobody."""
        self._stopped = self._stopped or error
        if self._lock.acquire(blocking=False):
            try:
                self._end(error)
            finally:
                self._lock.release()
        else:
            self._cursor.interrupt(error)  # it is being read just now: the reader ends it

    def __del__(self) -> None:
        # A client that vanishes leaves no other trace than its stream being dropped.
        if not self._ended:
            try:
                self._end(None)
            except LakehouseError as error:  # there is nobody to tell but the log
                _log.error("the end of a dropped result was not recorded", error=str(error))

    def _pull(self) -> None:
        """Fill `_ready` with at least one batch, or end."""
        try:
            while not self._ready:
                if self._stopped is not None:
                    raise self._stopped
                if self._drained:
                    raise StopIteration
                self._ready.extend(self._read())
        except StopIteration:
            self._end(None)
            raise
        except LakehouseError as error:
            self._end(error)
            raise

    def _read(self) -> list[pa.RecordBatch]:
        try:
            with translated(self._cursor.context):
                batch = self._reader.read_next_batch()
        except StopIteration:
            self._drained = True
            self._on_free()
            raise
        if self._cast:
            batch = cast(batch, self.schema)
        check_wide(batch, self._wide)
        return list(self._bounds.cut(batch))

    def _end(self, error: LakehouseError | None) -> None:
        if self._ended:
            return
        self._ended = True
        if error is not None:
            self._stopped = self._stopped or error
        with contextlib.suppress(Exception):  # an interrupted DuckDB stream may raise as it closes
            self._reader.close()
        if not self._drained:
            self._cursor.discard()
            self._on_free()
        self._on_end(self._rows, self._bytes, error)
