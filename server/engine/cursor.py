"""One DuckDB cursor with its context. A cursor runs one statement at a time: executing again ends an open result."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from server.engine.context import VARIABLE, Context
from server.engine.location import LAKE
from server.engine.open_transactions import OpenTransactions
from server.engine.quiet import Quiet
from server.engine.schema_gate import SchemaGate
from server.engine.translate import translated
from server.errors import LakehouseError
from server.sql.quoting import identifier, literal

DEFAULT_SCHEMA = "main"
_CHANGING = ("CREATE ", "ALTER ", "DROP ", "COMMENT ")
_TEMPORARY = ("CREATE TEMP", " TEMP.MAIN.", "MEMORY.")
_OPENING_CHARS = 48
MACROS = "memory.main"  # where ours are: after a plain USE they would not be found


class LakeCursor:
    """A configured cursor: search path, time zone and context token set, since cursors inherit none of them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        context: Context,
        on_close: Callable[[], None],
        quiet: Quiet,
        schemas: SchemaGate,
        transactions: OpenTransactions,
        schema: str | None = DEFAULT_SCHEMA,
    ) -> None:
        self._connection = connection
        self.quiet = quiet
        self.schemas = schemas
        self._transactions = transactions
        self.changed_schema = False  # in the open transaction
        self._on_close = on_close
        self.context = context
        connection.execute(f"SET VARIABLE {VARIABLE} = {literal(context.token)}")
        self.use(schema)

    def use(self, schema: str | None) -> None:
        """Make unqualified names mean this schema of the lake, or nothing of the lake for None."""
        path = MACROS if schema is None else f"{LAKE}.{identifier(schema)},{MACROS}"
        with translated():
            self._connection.execute(f"SET search_path = {literal(path)}")

    def set_time_zone(self, name: str) -> None:
        with translated():
            self._connection.execute(f"SET TimeZone = {literal(name)}")

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> "LakeCursor":
        """parameters: a sequence for ? and $1, a mapping for $name."""
        self._run(sql, parameters)
        return self

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Run and fetch all, for statements of ours whose results are small."""
        self._run(sql, parameters)
        with translated(self.context):
            return list(self._connection.fetchall())

    def _run(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> None:
        self.changed_schema |= _changes_schema(sql)
        if sql == "BEGIN":
            self._transactions.begin(self)
        number = self.schemas.enter()
        try:
            with translated(self.context):
                self._connection.execute(sql, _bound(parameters))
        finally:
            self.schemas.leave(number)
        if sql == "COMMIT":
            self._transactions.end(self)

    def reader(self, batch_rows: int) -> pa.RecordBatchReader:
        """The open result, streamed: DuckDB computes as batches are read."""
        with translated(self.context):
            reader: pa.RecordBatchReader = self._connection.to_arrow_reader(batch_rows)
            return reader

    def types(self) -> list[str]:
        """The DuckDB type of each column of the open result, as DESCRIBE prints it."""
        return [str(column[1]) for column in self._connection.description or ()]

    def columns(self) -> list[tuple[str, Any]]:
        """Name and DuckDB type of each column of the open result."""
        return [(str(column[0]), column[1]) for column in self._connection.description or ()]

    def table(self) -> pa.Table:
        """The open result, whole."""
        with translated(self.context):
            table: pa.Table = self._connection.to_arrow_table()
            return table

    def register(self, name: str, rows: Any) -> None:
        """Make Arrow rows a view of this cursor: a table, a reader, which can be read once, or what has
        `__arrow_c_stream__`.

        Raises SqlError for a type that DuckDB lacks.
        """
        with translated(self.context):
            self._connection.register(name, rows)

    def unregister(self, name: str) -> None:
        self._connection.unregister(name)

    def discard(self) -> None:
        """Let go of an open result that nobody will read. Closing its reader is not enough: until the connection runs
        something else DuckDB keeps its buffers, its transaction, and all that others overwrite meanwhile."""
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("SELECT NULL").fetchall()

    def roll_back(self) -> None:
        """End the transaction; a failed COMMIT has already ended it."""
        self.changed_schema = False
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        self._transactions.end(self)

    def interrupt(self, error: LakehouseError | None = None) -> None:
        """Stop what runs; safe from another thread. error: what the statement ends with; None says it was cancelled."""
        self.context.error = self.context.error or error
        self.context.cancelled.set()
        with contextlib.suppress(duckdb.Error):  # closed meanwhile: nothing runs
            self._connection.interrupt()

    def close(self) -> None:
        self._on_close()
        self._connection.close()
        self._transactions.end(self)


def _changes_schema(sql: str) -> bool:
    """Of the lake; told by how it begins. What a client sends may begin otherwise: its session tells."""
    while sql.startswith("--"):
        sql = sql.partition("\n")[2]
    opening = sql[:_OPENING_CHARS].upper()
    return opening.startswith(_CHANGING) and not any(word in opening for word in _TEMPORARY)


def _bound(parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any] | dict[str, Any]:
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
