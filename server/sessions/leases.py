"""What one statement needs to run: a cursor and a place among the running. Given back once, however it ends."""

import threading

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.results import ResultStream
from server.engine.running import RunningStatement
from server.errors import Unsupported
from server.sessions.cursors import SessionCursors
from server.sessions.transactions import Transaction


class Lease:
    """In a transaction the cursor is the transaction's, and its lock is held until `streaming` or `free`.

    schema: what unqualified names mean on this cursor, now that the statement runs.
    """

    def __init__(
        self,
        engine: Engine,
        cursors: SessionCursors,
        transaction: Transaction | None,
        needs_lake: bool = True,
        for_temporary: bool = False,
    ) -> None:
        self._cursors = cursors
        self._transaction = transaction
        self._freed = threading.Lock()
        if transaction is not None:
            transaction.lock.acquire()
        try:
            self.cursor: LakeCursor = transaction.ready() if transaction else cursors.take(needs_lake, for_temporary)
            try:
                if for_temporary and not cursors.is_home(self.cursor):
                    raise Unsupported("temporary objects can't be made while another result of the session is open")
                self.schema = cursors.with_settings(self.cursor)
                self._running: RunningStatement = engine.running.admit(self.cursor)
            except BaseException:
                if transaction is None:
                    cursors.release(self.cursor)
                raise
        except BaseException:
            if transaction is not None:
                transaction.lock.release()
            raise
        self._locked = transaction is not None
        cursors.leases += 1

    def streaming(self, stream: ResultStream) -> None:
        """The statement has begun to stream: the next one may come, and reads this stream to its end first."""
        self._running.streaming(stream)
        if self._transaction is None:
            self._cursors.streaming(self.cursor, stream)
            return
        self._transaction.streaming(stream)
        self._unlock()

    def free(self) -> None:
        """Give back cursor and place; calling it again does nothing."""
        if not self._freed.acquire(blocking=False):
            return
        self._cursors.leases -= 1
        self._running.finish()
        if self._transaction is None:
            self._cursors.release(self.cursor)
        else:
            self._unlock()

    def fail(self) -> None:
        """As `free`, after an error: it may have been the end of the transaction."""
        if self._transaction is not None:
            self._transaction.check()
        self.free()

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
