"""A client's transaction: one cursor, statements one after another, a result left open is read to its end first."""

import secrets
import threading
import weakref
from collections.abc import Callable
from contextlib import ExitStack

from server.engine.commits import commit
from server.engine.cursor import LakeCursor
from server.engine.locks import TableLocks
from server.engine.results import ResultStream
from server.engine.translate import CANCELLED
from server.errors import Cancelled, Conflict, InvalidArgument, LakehouseError
from server.lineage.pending import PendingEdges

INTERRUPT_S = 0.02


class Transaction:
    """Begun when made. Its commit carries the principal's name."""

    def __init__(self, cursor: LakeCursor, held_bytes_max: int) -> None:
        self.id = secrets.token_bytes(16)
        self.lock = threading.RLock()
        self.cursor = cursor
        self._held_bytes_max = held_bytes_max
        self._open: weakref.ref[ResultStream] | None = None  # weak: see SessionCursors
        self._ended = False
        self._failed = False
        self._written: dict[str, int] = {}
        self._suspect = False  # a result broke off: the transaction may have ended with it
        self._reason: LakehouseError | None = None
        self._commits = False
        self.touched = False  # a statement has run in it
        self.pending = PendingEdges()
        cursor.execute("BEGIN")

    def ready(self) -> LakeCursor:
        """The cursor, free for the next statement. The caller holds `lock`."""
        if self._ended:
            raise self._reason or InvalidArgument("the transaction has ended")
        self.settle()
        self.cursor.context.start()
        if self._suspect:
            self._suspect = False
            self.check()
        if self._failed:
            raise InvalidArgument("an earlier statement of the transaction failed: roll back")
        return self.cursor

    def check(self) -> None:
        """After an error: DuckDB goes on with nothing in a transaction once a statement has failed while it ran."""
        try:
            self.cursor.rows("SELECT 1")
        except LakehouseError:
            self._failed = True

    def broke(self) -> None:
        """A result of it ended with an error, in whatever thread."""
        self._suspect = True

    def wrote(self, table: str, version: int) -> None:
        """A statement writes into the table, whose tombstones have this version; see `Suppressions`."""
        self._written.setdefault(table, version)

    def settle(self) -> None:
        stream = self._open() if self._open is not None else None
        if stream is not None:
            stream.drain(self._held_bytes_max)
        self._open = None

    def streaming(self, stream: ResultStream) -> None:
        self._open = weakref.ref(stream)

    def commit(self, author: str, message: str, locks: TableLocks, version: Callable[[str], int]) -> None:
        """version: of a table's tombstones now.

        Raises LimitExceeded, and goes on, if an open result is too large to be kept; Conflict if a tombstone was set in
        a table since the transaction wrote into it.
        """
        with self.lock, ExitStack() as held:
            cursor = self.ready()
            try:
                for table, seen in sorted(self._written.items()):
                    held.enter_context(locks.shared(table, lambda: self._reason is not None))
                    if version(table) != seen:
                        raise Conflict(f"a tombstone was set in {table}: run the transaction again")
                self.pending.before_commit(cursor)
                self._commits = True
                commit(cursor, author, message)
                self.pending.after_commit()
            except Cancelled:
                raise self._reason or Cancelled(CANCELLED) from None
            finally:
                self._ended = True

    @property
    def holds_lake(self) -> bool:
        """Whether it keeps a snapshot of the lake in use."""
        return self.touched and not self._ended

    def end(self, reason: LakehouseError) -> None:
        """Roll back from another thread; its client hears the reason at its next call. What runs in it or waits is
        interrupted, but for a commit, which is waited for."""
        self._reason = reason
        while not self.lock.acquire(timeout=INTERRUPT_S):
            if not self._commits:
                self.cursor.interrupt(reason)
        try:
            self.roll_back()
        finally:
            self.lock.release()

    def roll_back(self) -> None:
        with self.lock:
            self._ended = True
            stream = self._open() if self._open is not None else None
            if stream is not None:
                stream.stop(Cancelled("the transaction was rolled back"))
            self.cursor.roll_back()
            self.pending.after_roll_back()
