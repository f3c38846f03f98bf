"""The engine: one DuckDB, a cursor per statement, one per transaction, and the server's own commits."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from server.config import Settings
from server.data_folder import DataFolder
from server.engine.batches import BatchBounds
from server.engine.boot import boot
from server.engine.commits import commit_on
from server.engine.context import Context, Contexts
from server.engine.cursor import DEFAULT_SCHEMA, LakeCursor
from server.engine.heap import HeapTrimmer
from server.engine.location import LakeLocation
from server.engine.locks import TableLocks
from server.engine.open_transactions import OpenTransactions
from server.engine.quiet import Quiet
from server.engine.running import Running
from server.engine.schema_gate import SchemaGate

T = TypeVar("T")

SERVER = "lakehouse"  # the author of the server's own commits


class Engine:
    """Owns DuckDB. schema_epoch grows with every statement that may have changed a schema. history: held by whoever
    needs snapshots to stay that no transaction of it keeps, or makes them expire."""

    def __init__(self, settings: Settings, folder: DataFolder) -> None:
        self.settings = settings
        self.folder = folder
        self.location = LakeLocation.of(settings, folder)
        self.root = boot(settings, folder, self.location)
        self._heap = HeapTrimmer()
        self._heap.start()
        self.contexts = Contexts()
        self.quiet = Quiet()
        self.schemas = SchemaGate()
        self.transactions = OpenTransactions()
        self.history = threading.Lock()
        self.locks = TableLocks(settings.statement_s_max)
        self.batches = BatchBounds.of(settings)
        self.running = Running(
            settings.statements_running_max,
            settings.statements_queued_max,
            settings.queue_wait_s_max,
            settings.statement_s_max,
        )
        self._cursor_lock = threading.Lock()
        self.schema_epoch = 0

    def cursor(self, principal: str, schema: str | None = DEFAULT_SCHEMA) -> LakeCursor:
        """A new configured cursor; the caller closes it. schema: see `LakeCursor.use`. Waits while another thread has
        the lake alone: without the lake there is no such search path."""
        context = Context(principal)
        with self.quiet.using():
            self.contexts.add(context)
            with self._cursor_lock:
                connection = self.root.cursor()
            on_close = partial(self.contexts.remove, context)
            return LakeCursor(connection, context, on_close, self.quiet, self.schemas, self.transactions, schema)

    def commit(self, author: str, message: str, work: Callable[[LakeCursor], T]) -> T:
        """Run work in a transaction of its own and commit it under the author's name; see `commit_on`."""
        cursor = self.cursor(author)
        try:
            return commit_on(cursor, author, message, work)
        finally:
            cursor.close()

    def read(self, work: Callable[[LakeCursor], T]) -> T:
        """Run work on a cursor of its own, outside any session."""
        cursor = self.cursor(SERVER)
        try:
            with self.quiet.using():
                return work(cursor)
        finally:
            cursor.close()

    def schema_changed(self) -> None:
        self.schema_epoch += 1

    def close(self) -> None:
        """Checkpoint what is attached and close DuckDB. Nothing acknowledged depends on this being reached."""
        self._heap.stop()
        self.running.stop()
        self.root.close()
