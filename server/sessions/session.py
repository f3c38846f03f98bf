"""A session: what one connection may ask. Every text passes the gate here, and nothing else reaches the engine."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from server.access.principal import Principal
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine, commit_on
from server.engine.results import ResultStream
from server.engine.running import client_gone
from server.errors import Cancelled, InvalidArgument, LimitExceeded, NotFound
from server.gate.gate import Gate
from server.ingest.loading import Mode, Target, load
from server.operations.call import call_table, called_operation
from server.operations.registry import Caller, Operations
from server.querylog import QueryLog
from server.sessions.cursors import SessionCursors
from server.sessions.describing import Described, Describer
from server.sessions.held import HeldResults
from server.sessions.leases import Lease
from server.sessions.placing import Placing
from server.sessions.runs import bounded, counted
from server.sessions.setting import apply_setting
from server.sessions.transactions import Transaction
from server.sql.parameters import ValueTypes, named
from server.sql.schema import schema_of
from server.sql.statements import Kind, Statement
from server.sql.targets import creates_temporary, write_target

EXPLAINED = schema_of(explain_key=pa.string(), explain_value=pa.string())
BoundRow = pa.RecordBatch  # one row, a column per parameter


@dataclass(frozen=True)
class Services:
    """What every session shares."""

    engine: Engine
    gate: Gate
    describer: Describer
    operations: Operations
    query_log: QueryLog
    value_types: ValueTypes
    placing: Placing


@dataclass
class Prepared:
    """A prepared statement. `bound` holds a row per execution, a column per parameter."""

    statement: Statement
    described: Described | None
    transaction_id: bytes
    bound: pa.Table | None = None


@dataclass
class Session:
    services: Services
    principal: Principal
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    last_used: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        engine = self.services.engine
        self.cursors = SessionCursors(engine, self.principal.name)
        self.held = HeldResults(engine.settings.result_held_bytes_max)
        self.prepared: dict[bytes, Prepared] = {}
        self.transactions: dict[bytes, Transaction] = {}

    # Statements

    def admit(self, text: str) -> Statement:
        """The statement, if this principal may run it."""
        self.last_used = time.monotonic()
        return self.services.gate.admit(self.principal, text, self.cursors.schema)

    def describe(
        self, statement: Statement, types: Mapping[str, str] | None = None, transaction_id: bytes = b""
    ) -> Described:
        """Result schema and parameter types of a query, without running it."""
        cursors = self.cursors
        place = (cursors.schema, cursors.time_zone, self.id if cursors.has_temporary or transaction_id else "")
        if transaction_id:
            transaction = self.transaction(transaction_id)
            with transaction.lock:
                return self.services.describer.describe(
                    statement, transaction.ready, _keep, (*place, transaction_id), types
                )

        def take() -> LakeCursor:
            return cursors.take(self.services.placing.needs_lake(statement))

        return self.services.describer.describe(statement, take, cursors.release, place, types)

    def types_of(self, statement: Statement, row: BoundRow | None) -> dict[str, str] | None:
        """Parameter → DuckDB type of the bound value."""
        if row is None:
            return None
        names = [self.services.value_types.name(column.type) for column in row.columns]
        return dict(zip(statement.parameters, names, strict=False))

    def query(self, statement: Statement, row: BoundRow | None = None, transaction_id: bytes = b"") -> ResultStream:
        """Run a query and stream its rows."""
        schema = self.describe(statement, self.types_of(statement, row), transaction_id).schema
        values = self._values(statement, row)
        return self._stream(statement, values, schema, transaction_id)

    def run_now(self, statement: Statement, row: BoundRow | None = None, transaction_id: bytes = b"") -> pa.Table:
        """Run once what gives rows but is no pure query: CALL, RETURNING, EXPLAIN, PIVOT, and DML with its count."""
        values = self._values(statement, row)
        match statement.kind:
            case Kind.CALL:
                bound = _python_values(statement, row)
                return call_table(self.services.operations, self.caller(), statement, bound)
            case Kind.SET:
                return self.logged(statement, lambda: apply_setting(self.cursors, statement))
            case _:
                return self.logged(statement, lambda: self._execute(statement, values, transaction_id))

    def update(
        self, statement: Statement, rows: Sequence[BoundRow | None] = (None,), transaction_id: bytes = b""
    ) -> int:
        """Run DML or DDL once per bound row, all in one transaction. Returns the rows changed, -1 where unknown."""
        if statement.kind in (Kind.CALL, Kind.SET, Kind.QUERY, Kind.ROWS):
            results = [self._run_any(statement, row, transaction_id) for row in rows]
            return sum(table.num_rows for table in results) if statement.kind is not Kind.SET else 0
        many = [self._values(statement, row) for row in rows]

        def run() -> pa.Table:
            return self._write(statement, transaction_id, lambda cursor: counted(cursor, statement, many))

        table = self.logged(statement, run)
        return int(table["Count"][0].as_py()) if table.num_rows else -1

    def ingest(
        self,
        rows: pa.RecordBatchReader,
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
        record = self.services.query_log.start(self.id, self.principal.name, "ingest", f"{schema}.{table} {mode}")
        try:
            count = self._load(rows, Target(schema, table, temporary), mode, transaction_id)
        except BaseException as error:
            record.end(0, error)
            raise
        record.end(count, None)
        self.services.engine.schema_changed()
        return count

    def declared_schema(self, statement: Statement) -> pa.Schema | None:
        """The result schema of a CALL and of EXPLAIN; None for what tells its columns only by running."""
        if statement.type_name == "EXPLAIN":
            return EXPLAINED
        if statement.kind is not Kind.CALL:
            return None
        return self.services.operations.find(called_operation(statement)).result

    def caller(self) -> Caller:
        return Caller(self.principal, self.id)

    # Transactions

    def begin(self) -> Transaction:
        cursor = self.cursors.take_new()
        try:
            transaction = Transaction(cursor, self.services.engine.settings.result_held_bytes_max)
        except BaseException:
            self.cursors.release(cursor)
            raise
        self.transactions[transaction.id] = transaction
        return transaction

    def transaction(self, transaction_id: bytes) -> Transaction:
        if (transaction := self.transactions.get(transaction_id)) is None:
            raise NotFound("there is no such open transaction in this session")
        return transaction

    def end(self, transaction_id: bytes, commit: bool) -> None:
        transaction = self.transaction(transaction_id)
        del self.transactions[transaction_id]
        try:
            if commit:
                transaction.commit(self.principal.name, "transaction")
                self.services.engine.schema_changed()
            else:
                transaction.roll_back()
        finally:
            self.cursors.release(transaction.cursor)

    # Prepared statements

    def prepare(self, text: str, transaction_id: bytes = b"") -> tuple[bytes, Prepared]:
        """Nothing runs here, whatever the statement is."""
        if len(self.prepared) >= self.services.engine.settings.prepared_max:
            raise LimitExceeded("prepared_max", f"the session holds {len(self.prepared)} prepared statements")
        statement = self.admit(text)
        described = self.describe(statement, None, transaction_id) if statement.kind is Kind.QUERY else None
        handle = secrets.token_bytes(16)
        self.prepared[handle] = Prepared(statement, described, transaction_id)
        return handle, self.prepared[handle]

    def find_prepared(self, handle: bytes) -> Prepared:
        self.last_used = time.monotonic()
        if (prepared := self.prepared.get(handle)) is None:
            raise NotFound("there is no such prepared statement in this session: it was closed, or is another's")
        return prepared

    def close_prepared(self, handle: bytes) -> None:
        self.find_prepared(handle)
        del self.prepared[handle]

    def close(self) -> None:
        """End what is in progress; nothing of the session is left."""
        self.cursors.close()
        for transaction in list(self.transactions.values()):
            transaction.roll_back()
            self.cursors.release(transaction.cursor)
        self.transactions.clear()
        self.prepared.clear()

    # How it is done

    def _run_any(self, statement: Statement, row: BoundRow | None, transaction_id: bytes) -> pa.Table:
        if statement.kind is Kind.QUERY:
            return self.query(statement, row, transaction_id).arrow().read_all()
        return self.run_now(statement, row, transaction_id)

    def _values(self, statement: Statement, row: BoundRow | None) -> list[Any] | dict[str, Any]:
        values = [] if row is None else self.services.value_types.values(row)
        return named(statement.parameters, values)

    def _lease(self, transaction_id: bytes, needs_lake: bool = True) -> Lease:
        transaction = self.transaction(transaction_id) if transaction_id else None
        return Lease(self.services.engine, self.cursors, transaction, needs_lake)

    def _stream(self, statement: Statement, values: Any, schema: pa.Schema, transaction_id: bytes) -> ResultStream:
        settings = self.services.engine.settings
        lease = self._lease(transaction_id, self.services.placing.needs_lake(statement))
        record = self.services.query_log.start(self.id, self.principal.name, statement.kind.value, statement.text)
        try:
            reader = lease.cursor.execute(statement.text, values).reader(settings.batch_rows)
        except BaseException as error:
            lease.free()
            record.end(0, error)
            raise
        stream = ResultStream(lease.cursor, reader, schema, settings.batch_bytes_max, lease.free, record.end)
        lease.streaming(stream)
        return stream

    def _load(self, rows: pa.RecordBatchReader, target: Target, mode: Mode, transaction_id: bytes) -> int:
        """A stream can be read once, so a conflict is the client's to try again."""
        message = f"ingest into {target.schema}.{target.table}"
        with self._lease(transaction_id) as cursor:
            if transaction_id:
                count = load(cursor, rows, target, mode)
            else:
                count = commit_on(cursor, self.principal.name, message, lambda c: _load(c, rows, target, mode), tries=1)
        self.cursors.has_temporary |= target.temporary
        return count

    def _execute(self, statement: Statement, values: Any, transaction_id: bytes) -> pa.Table:
        """Run at once and return what it gives, bounded."""
        if statement.kind is Kind.UPDATE:
            return self._write(statement, transaction_id, lambda c: counted(c, statement, [values]))
        settings = self.services.engine.settings
        return self._write(statement, transaction_id, lambda c: bounded(c, statement, values, settings))

    def _write(self, statement: Statement, transaction_id: bytes, work: Callable[[LakeCursor], pa.Table]) -> pa.Table:
        """Run work in the client's transaction, or in one of its own that carries the principal's name."""
        engine, message = self.services.engine, statement.type_name.lower()
        target = write_target(statement, self.cursors.schema)
        with engine.locks.holding(target or self.id), self._lease(transaction_id) as cursor:
            table = work(cursor) if transaction_id else commit_on(cursor, self.principal.name, message, work)
        if statement.changes_schema:
            engine.schema_changed()
            self.cursors.has_temporary |= creates_temporary(statement)
        return table

    def logged(self, statement: Statement, run: Callable[[], pa.Table]) -> pa.Table:
        """Run and record the end in the query log."""
        record = self.services.query_log.start(self.id, self.principal.name, statement.kind.value, statement.text)
        try:
            table = run()
        except BaseException as error:
            record.end(0, error)
            raise
        record.end(table.num_rows, None)
        return table


def _load(cursor: LakeCursor, rows: pa.RecordBatchReader, target: Target, mode: Mode) -> int:
    """A stream that its client gave up looks like one that ended: ask before the commit."""
    count = load(cursor, rows, target, mode)
    gone = client_gone.get()
    if gone is not None and gone():
        raise Cancelled("the client went away before its rows were committed")
    return count


def _keep(_: LakeCursor) -> None:
    """A transaction's cursor stays with it."""


def _python_values(statement: Statement, row: BoundRow | None) -> dict[str, Any]:
    """Bound values as plain Python ones, for CALL."""
    values = [] if row is None else [column[0].as_py() for column in row.columns]
    if len(values) != len(statement.parameters):
        raise InvalidArgument(f"the statement has {len(statement.parameters)} parameters, {len(values)} were bound")
    return dict(zip(statement.parameters, values, strict=True))
