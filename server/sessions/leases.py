"""What one statement needs to run: a cursor and a place among the running. Given back once, however it ends."""

import threading
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.results import ResultStream
from server.engine.running import RunningStatement
from server.engine.translate import CANCELLED
from server.errors import Cancelled, Unsupported
from server.sessions.cursors import SessionCursors
from server.sessions.in_progress import InProgress
from server.sessions.transactions import Transaction


@dataclass(frozen=True)
class Wanted:
    """What a statement asks for.

    name: by which its client may cancel it; see `InProgress`. needs_lake: see `placing.py`. statement_s_max: a
    session's own bound in seconds, None for the server's.
    """

    name: str = ""
    needs_lake: bool = True
    for_temporary: bool = False
    statement_s_max: float | None = None


class Lease:
    """In a transaction the cursor is the transaction's, and its lock is held until `streaming` or `free`.

    schema: what unqualified names mean on this cursor, now that the statement runs.
    """

    def __init__(
        self,
        engine: Engine,
        cursors: SessionCursors,
        in_progress: InProgress,
        transaction: Transaction | None,
        wanted: Wanted,
    ) -> None:
        self._cursors = cursors
        self._in_progress = in_progress
        self._transaction = transaction
        self._freed = threading.Lock()
        self._cancelled = False
        self._queued: LakeCursor | None = None
        self._running: RunningStatement | None = None
        in_progress.add(self, wanted.name)
        try:
            self._take(engine, wanted)
        except BaseException:
            in_progress.remove(self)
            raise

    def open(self, text: str, values: Any, batch_rows: int) -> pa.RecordBatchReader:
        """The result of a query, streamed. After an error the lease is given back."""
        try:
            return self.cursor.execute(text, values).reader(batch_rows)
        except BaseException:
            self.fail()
            raise

    def streaming(self, stream: ResultStream) -> None:
        """The statement has begun to stream: the next one may come, and reads this stream to its end first."""
        if self._running is not None:
            self._running.streaming(stream)
        if self._transaction is None:
            self._cursors.streaming(self.cursor, stream)
            return
        self._transaction.streaming(stream)
        self._unlock()

    def cancel(self) -> None:
        """End the statement from another thread, whether it waits, computes or streams."""
        self._cancelled = True
        if self._running is not None:
            self._running.cancel()
        elif self._queued is not None:
            self._queued.interrupt()

    def free(self) -> None:
        """Give back cursor and place; calling it again does nothing."""
        if not self._freed.acquire(blocking=False):
            return
        if self._running is not None:
            self._running.finish()
        if self._transaction is None:
            self._cursors.release(self.cursor)
        else:
            self._unlock()
        self._in_progress.remove(self)

    def fail(self) -> None:
        """As `free`, after an error: it may have been the end of the transaction."""
        if self._transaction is not None:
            self._transaction.check()
        self.free()

    def _take(self, engine: Engine, wanted: Wanted) -> None:
        if self._transaction is not None:
            self._transaction.lock.acquire()
        self._locked = self._transaction is not None
        try:
            if self._transaction is not None:
                self.cursor = self._transaction.ready()
            else:
                self.cursor = self._cursors.take(wanted.needs_lake, wanted.for_temporary)
            try:
                self._admit(engine, wanted)
            except BaseException:
                if self._transaction is None:
                    self._cursors.release(self.cursor)
                raise
        except BaseException:
            self._unlock()
            raise

    def _admit(self, engine: Engine, wanted: Wanted) -> None:
        if wanted.for_temporary and not self._cursors.is_home(self.cursor):
            raise Unsupported("temporary objects can't be made while another result of the session is open")
        self.schema = self._cursors.with_settings(self.cursor)
        self._queued = self.cursor
        if self._cancelled:
            raise Cancelled(CANCELLED)
        transaction = self._transaction
        goes_before = transaction is not None and transaction.touched
        self._running = engine.running.admit(self.cursor, wanted.statement_s_max, goes_before)
        if transaction is not None:
            transaction.touched = True

    def _unlock(self) -> None:
        if self._locked and self._transaction is not None:
            self._locked = False
            self._transaction.lock.release()

    def __enter__(self) -> LakeCursor:
        return self.cursor

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.free()
        else:
            self.fail()
