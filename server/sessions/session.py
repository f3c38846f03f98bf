"""A session: what one connection may ask. Every text passes the gate here, and nothing else reaches the engine."""

import itertools
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from server.access.principal import Principal
from server.engine.batches import BatchBounds
from server.engine.results import ResultStream
from server.errors import InvalidArgument, LakehouseError, NotFound
from server.ingest.feed import Feed
from server.ingest.loading import Mode, Target
from server.operations.call import call_table, called_operation
from server.operations.registry import Caller
from server.sessions.bulk import Bound, BoundRow, rows_of
from server.sessions.client_transactions import ClientTransactions
from server.sessions.describing import Described
from server.sessions.execution import Execution
from server.sessions.held import HeldResults
from server.sessions.options import Value, write
from server.sessions.prepared_statements import Prepared, PreparedStatements
from server.sessions.services import Services
from server.sessions.setting import apply_setting
from server.sql.field_metadata import annotate
from server.sql.parameters import UNKNOWN, named
from server.sql.returning import describing_query
from server.sql.schema import schema_of
from server.sql.statements import DML, Kind, Statement

EXPLAINED = annotate(schema_of(explain_key=pa.string(), explain_value=pa.string()), None)


@dataclass
class Session:
    """transaction_id: the client's transaction, or b'' for the one that BEGIN opened, or autocommit without one.

    shared: whether calls of several clients may run in it, as those do that send their credentials with each call.
    """

    services: Services
    principal: Principal
    shared: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    last_used: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.execution = Execution(self.services, self.principal, self.id)
        self.cursors = self.execution.cursors
        self.held = HeldResults(self.services.engine.settings.result_held_bytes_max, self.services.held)
        self.prepared = PreparedStatements(self.services.engine.settings.prepared_max)
        self.transactions = ClientTransactions(
            self.services.engine, self.services.guarding, self.cursors, self.principal.name, self.shared
        )
        self._names = itertools.count()

    @property
    def idle_s(self) -> float:
        """Seconds since the last call, 0 while a statement is in progress."""
        return 0.0 if self.execution.in_progress else time.monotonic() - self.last_used

    @property
    def batches(self) -> BatchBounds:
        return self.services.engine.batches

    # Statements

    def admit(self, text: str) -> Statement:
        """The statement, if this principal may run it."""
        self.last_used = time.monotonic()
        with self._noted("unknown", text):
            return self.services.gate.admit(self.principal, text, self.cursors.schema)

    def describe(
        self, statement: Statement, types: Mapping[str, str] | None = None, transaction_id: bytes = b""
    ) -> Described:
        """Result schema and parameter types of a query, without running it."""
        transaction = self.transactions.find(transaction_id)
        with self._noted(statement.kind.value, statement.text):
            return self.execution.describe(statement, types, transaction)

    def types_of(self, statement: Statement, row: BoundRow | None) -> dict[str, str] | None:
        """Parameter → DuckDB type of the bound value."""
        if row is None:
            return None
        names = [self.services.value_types.name(column.type) for column in row.columns]
        return dict(zip(statement.parameters, names, strict=False))

    def query(
        self, statement: Statement, row: BoundRow | None = None, transaction_id: bytes = b"", name: str = ""
    ) -> ResultStream:
        """Run a query and stream its rows. name: by which the client may cancel it; see `InProgress`."""
        schema = self.describe(statement, self.types_of(statement, row), transaction_id).schema
        values = self._values(statement, row)
        return self.execution.stream(statement, values, schema, self.transactions.find(transaction_id), name)

    def new_name(self) -> str:
        """A name for a query of this session, by which it can be cancelled."""
        return f"{self.id}.{next(self._names)}"

    def cancel(self, name: str, once: bool) -> bool | None:
        """See `InProgress.cancel`. Raises NotFound for a query of another session."""
        if name.partition(".")[0] != self.id:
            raise NotFound("there is no such query in this session")
        return self.execution.in_progress.cancel(name, once)

    def run_now(self, statement: Statement, row: BoundRow | None = None, transaction_id: bytes = b"") -> pa.Table:
        """Run once what gives rows but is no pure query: CALL, RETURNING, EXPLAIN, PIVOT, and DML with its count.

        An operation commits by itself, whatever transaction is open.
        """
        bound = self._bound(statement, None if row is None else pa.Table.from_batches([row]))
        kind, text = statement.kind.value, statement.text
        match statement.kind:
            case Kind.CALL:
                return call_table(self.services.operations, self.caller(), statement, _python_values(statement, row))
            case Kind.TRANSACTION:
                return self.execution.logged(kind, text, lambda: self.transactions.run(statement, transaction_id))
            case Kind.SET:
                return self.execution.logged(
                    kind, text, lambda: apply_setting(self.services.options, self.execution, statement)
                )
        transaction = self.transactions.find(transaction_id)
        return self.execution.logged(kind, text, lambda: self.execution.at_once(statement, bound, transaction))

    def update(self, statement: Statement, rows: pa.Table | None = None, transaction_id: bytes = b"") -> int:
        """Run once per bound row, a column per parameter; the rows changed or given, 0 for DDL. DML and DDL run
        all or none; each CALL is a commit of its own."""
        if statement.kind is not Kind.UPDATE:
            bound = [None] if rows is None else rows_of(rows)
            return sum(self._rows_given(statement, row, transaction_id) for row in bound)
        transaction = self.transactions.find(transaction_id)
        many = self._bound(statement, rows)
        table = self.execution.logged(
            statement.kind.value, statement.text, lambda: self.execution.update(statement, many, transaction)
        )
        # DDL gives no count. JDBC takes -1 for "it gave rows" and would run the statement again.
        return int(table["Count"][0].as_py()) if table.num_rows else 0

    def ingest(
        self,
        rows: Feed,
        schema: str,
        table: str,
        temporary: bool,
        mode: Mode,
        transaction_id: bytes = b"",
    ) -> int:
        """Load an Arrow stream into a table, all rows or none; the number of rows. schema: '' for the session's."""
        self.last_used = time.monotonic()
        schema = schema or self.cursors.schema
        self.services.gate.admit_ingest(self.principal, schema, table)
        target, transaction = Target(schema, table, temporary), self.transactions.find(transaction_id)

        def run() -> pa.Table:
            return pa.table({"Count": [self.execution.load(rows, target, mode, transaction)]})

        return int(self.execution.logged("ingest", f"{schema}.{table} {mode}", run)["Count"][0].as_py())

    def declared_schema(self, statement: Statement, transaction_id: bytes = b"") -> pa.Schema:
        """The result schema of what gives rows without being a query, told without running it; empty if it can't be."""
        if statement.type_name == "EXPLAIN":
            return EXPLAINED
        if statement.kind is Kind.CALL:
            return self.services.operations.find(called_operation(statement)).result
        if (query := describing_query(statement)) is None:
            return pa.schema([])
        same = self.admit(query)
        if same.kind is Kind.QUERY:
            return self.describe(same, None, transaction_id).schema
        return self.execution.at_once(same, self._bound(same, None), self.transactions.find(transaction_id)).schema

    def caller(self) -> Caller:
        return Caller(self.principal, self.id)

    def check_role(self) -> None:
        """Raises PermissionDenied if the principal may run no statement."""
        self.services.gate.check_role(self.principal)

    # Options

    def options(self) -> Mapping[str, Value]:
        return self.services.options.values(self.execution)

    def set_options(self, values: Mapping[str, Value | None]) -> dict[str, LakehouseError]:
        """Set each, None resets; the errors of those that could not be set. Raises PermissionDenied for a principal
        that may run no statement: which schemas there are is not for it to know."""
        self.check_role()
        return write(self.services.options, self.execution, values)

    # Prepared statements

    def prepare(self, text: str, transaction_id: bytes = b"") -> tuple[bytes, Prepared]:
        """Nothing runs here, whatever the statement is."""
        self.prepared.check_room()
        statement = self.admit(text)
        prepared = Prepared(statement, self._described(statement, transaction_id), transaction_id, self.new_name())
        return self.prepared.add(prepared), prepared

    def _described(self, statement: Statement, transaction_id: bytes) -> Described:
        """What is known before it runs."""
        if statement.kind is Kind.QUERY:
            return self.describe(statement, None, transaction_id)
        types = (UNKNOWN,) * len(statement.parameters)
        if types and statement.type_name in DML:
            types = self.execution.parameter_types(statement, self.transactions.find(transaction_id))
        return Described(self.declared_schema(statement, transaction_id), types)

    def find_prepared(self, handle: bytes) -> Prepared:
        """The statement, in the transaction that it runs in now."""
        self.last_used = time.monotonic()
        prepared = self.prepared.find(handle)
        if prepared.transaction_id:
            prepared.transaction_id = self.transactions.meant(prepared.transaction_id)
        return prepared

    def close(self) -> None:
        """End what is in progress; nothing of the session is left."""
        self.cursors.close()
        self.transactions.close()
        self.prepared.clear()
        self.held.close()

    @contextmanager
    def _noted(self, kind: str, text: str) -> Iterator[None]:
        """What is refused before it runs has its place in the query log too."""
        try:
            yield
        except LakehouseError as error:
            self.services.query_log.start(self.id, self.principal.name, kind, text).end(0, 0, error)
            raise

    def _rows_given(self, statement: Statement, row: BoundRow | None, transaction_id: bytes) -> int:
        if statement.kind is Kind.QUERY:
            return sum(batch.num_rows for batch in self.query(statement, row, transaction_id))
        return self.run_now(statement, row, transaction_id).num_rows

    def _bound(self, statement: Statement, rows: pa.Table | None) -> Bound:
        """Raises InvalidArgument on a wrong number of values."""
        if rows is None or rows.num_columns != len(statement.parameters):
            named(statement.parameters, rows.column_names if rows is not None else ())
        return Bound(rows, lambda row: self._values(statement, row))

    def _values(self, statement: Statement, row: BoundRow | None) -> list[Any] | dict[str, Any]:
        values = [] if row is None else self.services.value_types.values(row)
        if row is not None and statement.type_name != "INSERT":
            _check_texts(row)
        return named(statement.parameters, values)


def _check_texts(row: BoundRow) -> None:
    """DuckLake writes a value that rows are chosen by into a query of its own, which a NUL cuts short."""
    for column in row.columns:
        if pa.types.is_string(column.type) and "\0" in (column[0].as_py() or ""):
            raise InvalidArgument("a bound text holds a NUL character: it can be inserted, not searched for")


def _python_values(statement: Statement, row: BoundRow | None) -> dict[str, Any]:
    """Bound values as plain Python ones, for CALL."""
    values = [] if row is None else [column[0].as_py() for column in row.columns]
    return dict(zip(statement.parameters, values, strict=True))
