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
from server.engine.running import RunningStatement
from server.errors import Cancelled, InvalidArgument, LakehouseError, LimitExceeded, NotFound
from server.gate.gate import Gate
from server.ingest.loading import Mode, Target, load
from server.operations.call import call_table, called_operation
from server.operations.registry import Caller, Operations
from server.querylog import QueryLog
from server.sessions.cursors import SessionCursors
from server.sessions.describing import Described, Describer
from server.sessions.held import HeldResults
from server.sessions.setting import apply_setting
from server.sessions.transactions import Transaction
from server.sql.parameters import ValueTypes, named
from server.sql.statements import Kind, Statement
from server.sql.targets import creates_temporary, write_target

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
        self.cursors = SessionCursors(engine, self.principal.name, "main")
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
        return self.services.describer.describe(statement, cursors.take, cursors.release, place, types)

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
            return self._in_transaction(statement, transaction_id, lambda cursor: _counted(cursor, statement, many))

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
        except LakehouseError as error:
            record.end(0, error)
            raise
        record.end(count, None)
        self.services.engine.schema_changed()
        return count

    def declared_schema(self, statement: Statement) -> pa.Schema | None:
        """The result schema of a CALL; None for what tells its columns only by running."""
        if statement.kind is not Kind.CALL:
            return None
        return self.services.operations.find(called_operation(statement)).result

    def caller(self) -> Caller:
        return Caller(self.principal, self.id)

    # Transactions

    def begin(self) -> Transaction:
        cursor = self.cursors.new()
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
        for transaction in list(self.transactions.values()):
            transaction.roll_back()
        self.transactions.clear()
        self.prepared.clear()
        self.cursors.close()

    # How it is done

    def _run_any(self, statement: Statement, row: BoundRow | None, transaction_id: bytes) -> pa.Table:
        if statement.kind is Kind.QUERY:
            return self.query(statement, row, transaction_id).arrow().read_all()
        return self.run_now(statement, row, transaction_id)

    def _values(self, statement: Statement, row: BoundRow | None) -> list[Any] | dict[str, Any]:
        values = [] if row is None else self.services.value_types.values(row)
        return named(statement.parameters, values)

    def _stream(self, statement: Statement, values: Any, schema: pa.Schema, transaction_id: bytes) -> ResultStream:
        transaction = self.transaction(transaction_id) if transaction_id else None
        record = self.services.query_log.start(self.id, self.principal.name, statement.kind.value, statement.text)
        settings = self.services.engine.settings
        cursor = None
        running: RunningStatement | None = None
        try:
            if transaction is not None:
                transaction.lock.acquire()
            cursor = transaction.ready() if transaction else self.cursors.take()
            running = self.services.engine.running.admit(cursor)
            reader = cursor.execute(statement.text, values).reader(settings.batch_rows)
            stream = ResultStream(
                cursor,
                reader,
                schema,
                settings.batch_bytes_max,
                _freeing(self, cursor, running, transaction),
                record.end,
            )
        except LakehouseError as error:
            if running is not None:
                running.finish()
            if cursor is not None and transaction is None:
                self.cursors.release(cursor)
            record.end(0, error)
            raise
        finally:
            if transaction is not None:
                transaction.lock.release()
        if transaction is not None:
            transaction.streaming(stream)
        else:
            self.cursors.streaming(cursor, stream)
        return stream

    def _load(self, rows: pa.RecordBatchReader, target: Target, mode: Mode, transaction_id: bytes) -> int:
        """A stream can be read once, so a conflict is the client's to try again."""
        engine = self.services.engine
        if transaction_id:
            transaction = self.transaction(transaction_id)
            with transaction.lock:
                return load(transaction.ready(), rows, target, mode)
        cursor = self.cursors.take()
        try:
            running = engine.running.admit(cursor)
            try:
                message = f"ingest into {target.schema}.{target.table}"
                return commit_on(cursor, self.principal.name, message, lambda c: load(c, rows, target, mode), tries=1)
            finally:
                running.finish()
                self.cursors.has_temporary |= target.temporary
        finally:
            self.cursors.release(cursor)

    def _execute(self, statement: Statement, values: Any, transaction_id: bytes) -> pa.Table:
        """Run at once and return what it gives, bounded."""
        if statement.kind is Kind.UPDATE:
            return self._in_transaction(statement, transaction_id, lambda c: _counted(c, statement, [values]))
        return self._in_transaction(
            statement, transaction_id, lambda c: _bounded(c.execute(statement.text, values), self.services.engine)
        )

    def _in_transaction(
        self, statement: Statement, transaction_id: bytes, work: Callable[[LakeCursor], pa.Table]
    ) -> pa.Table:
        """Run work in the client's transaction, or in one of its own that carries the principal's name."""
        engine = self.services.engine
        if transaction_id:
            transaction = self.transaction(transaction_id)
            with transaction.lock:
                return _admitted(engine, transaction.ready(), work)
        cursor = self.cursors.take()
        try:
            with engine.locks.holding(write_target(statement, self.cursors.schema) or self.id):
                table = _admitted(
                    engine, cursor, lambda c: commit_on(c, self.principal.name, statement.type_name.lower(), work)
                )
        finally:
            self.cursors.release(cursor)
        if statement.changes_schema:
            engine.schema_changed()
            self.cursors.has_temporary |= creates_temporary(statement)
        return table

    def logged(self, statement: Statement, run: Callable[[], pa.Table]) -> pa.Table:
        """Run and record the end in the query log."""
        record = self.services.query_log.start(self.id, self.principal.name, statement.kind.value, statement.text)
        try:
            table = run()
        except LakehouseError as error:
            record.end(0, error)
            raise
        record.end(table.num_rows, None)
        return table


def _freeing(
    session: Session, cursor: LakeCursor, running: RunningStatement, transaction: Transaction | None
) -> Callable[[], None]:
    def free() -> None:
        running.finish()
        if transaction is None:
            session.cursors.release(cursor)

    return free


def _keep(_: LakeCursor) -> None:
    """A transaction's cursor stays with it."""


def _admitted(engine: Engine, cursor: LakeCursor, work: Callable[[LakeCursor], pa.Table]) -> pa.Table:
    running = engine.running.admit(cursor)
    try:
        return work(cursor)
    finally:
        running.finish()


def _counted(cursor: LakeCursor, statement: Statement, many: Sequence[Any]) -> pa.Table:
    """Run once per set of values. Column Count: rows changed; no row where DuckDB gives no count, as for DDL."""
    counts: list[int] = []
    for values in many:
        if cursor.context.cancelled.is_set():
            raise Cancelled("the statement was cancelled")
        table = cursor.execute(statement.text, values).table()
        if table.num_rows and table.column_names == ["Count"]:
            counts.append(int(table.column(0)[0].as_py()))
    return pa.table({"Count": pa.array([sum(counts)] if counts else [], pa.int64())})


def _bounded(cursor: LakeCursor, engine: Engine) -> pa.Table:
    reader = cursor.reader(engine.settings.batch_rows)
    batches, held = [], 0
    for batch in reader:
        held += batch.nbytes
        if held > engine.settings.result_held_bytes_max:
            raise LimitExceeded("result_held_bytes_max", "a result that must be computed at once is too large")
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _python_values(statement: Statement, row: BoundRow | None) -> dict[str, Any]:
    """Bound values as plain Python ones, for CALL."""
    values = [] if row is None else [column[0].as_py() for column in row.columns]
    if len(values) != len(statement.parameters):
        raise InvalidArgument(f"the statement has {len(statement.parameters)} parameters, {len(values)} were bound")
    return dict(zip(statement.parameters, values, strict=True))
