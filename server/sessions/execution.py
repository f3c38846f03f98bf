"""Running a session's statements: streamed, at once, in the client's transaction or in one of their own."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from server.access.principal import Principal
from server.cache.routing import Route
from server.cache.service import HotCache
from server.engine.commits import commit_on, read_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.results import ResultStream
from server.engine.running import client_gone
from server.erasure.guard import Guard
from server.errors import Cancelled, LakehouseError, SqlError
from server.gate.gate import Gate
from server.ingest.feed import Feed
from server.ingest.loading import Mode, Target, load
from server.operations.registry import Operations
from server.querylog import QueryLog
from server.sessions.bulk import Bound, values_of
from server.sessions.cursors import SessionCursors
from server.sessions.describing import Described, Describer
from server.sessions.grouping import GroupCommit, Key
from server.sessions.guarding import Guarding
from server.sessions.held import HeldBudget
from server.sessions.in_progress import InProgress
from server.sessions.leases import Lease, Wanted
from server.sessions.limits import PrincipalLimits
from server.sessions.options import DEFAULT_TIME_ZONE, Options
from server.sessions.placing import ASKING, Placing
from server.sessions.runs import bounded
from server.sessions.staging import StagedRows, Staging, full_name
from server.sessions.transactions import Transaction
from server.sql.field_metadata import annotate
from server.sql.inserts import ValuesInsert, values_insert
from server.sql.parameters import ValueTypes
from server.sql.schema import schema_of
from server.sql.statements import Kind, Statement
from server.sql.targets import commented_column, creates_temporary, write_target

COUNT = annotate(schema_of(Count=pa.int64()), None)
COUNTED = (Kind.UPDATE.value, "ingest")  # kinds whose result is the number of rows


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
    options: Options
    limits: PrincipalLimits
    held: HeldBudget
    grouping: GroupCommit
    staging: Staging
    guarding: Guarding
    cache: HotCache


class Execution:
    """One per session. `transaction` is the client's open one, or None for autocommit."""

    def __init__(self, services: Services, principal: Principal, session_id: str) -> None:
        self._services = services
        self._principal = principal
        self._session_id = session_id
        self.cursors = SessionCursors(services.engine, principal.name)
        self.in_progress = InProgress(services.engine.settings.statements_per_session_max)
        self.statement_s_max: float | None = None  # the session's own bound below the server's

    @property
    def statement_s_bound(self) -> float:
        """The server's bound on a statement, in seconds."""
        return self._services.engine.settings.statement_s_max

    def describe(
        self, statement: Statement, types: Mapping[str, str] | None, transaction: Transaction | None
    ) -> Described:
        """Result schema and parameter types of a query, without running it. types: of bound values, if any are."""
        place, describer = self._place(transaction), self._services.describer
        if (known := describer.known(statement, types, place)) is not None:
            return known
        if (route := self._route(statement, transaction)) is not None:
            with contextlib.suppress(SqlError):  # the lake has the error in the caller's own words
                return describer.describe(
                    statement, types, place, lambda: self._lease_for(route, statement), route.statement
                )
        return describer.describe(statement, types, place, lambda: self._lease(statement, transaction))

    def parameter_types(self, statement: Statement, transaction: Transaction | None) -> tuple[str, ...]:
        """DuckDB types of a DML statement's parameters, without running it."""
        place = self._place(transaction)
        return self._services.describer.parameter_types(statement, place, lambda: self._lease(statement, transaction))

    def stream(
        self, statement: Statement, values: Any, schema: pa.Schema, transaction: Transaction | None, name: str
    ) -> ResultStream:
        """Run a query; its rows are computed as they are read, as batches of `schema`. name: see `InProgress`."""
        bounds = self._services.engine.batches
        record = self._services.query_log.start(
            self._session_id, self._principal.name, statement.kind.value, statement.text
        )
        try:
            opened = self._from_memory(statement, values, schema, transaction, name)
            if opened is None:
                lease = self._lease(statement, transaction, name)
                opened = lease, _open(lease, statement.text, values, bounds.rows_at_once(schema))
        except BaseException as error:
            record.end(0, 0, error)
            raise
        lease, reader = opened
        limits = self._services.limits.of(self._principal.name)

        def ended(rows: int, result_bytes: int, error: LakehouseError | None) -> None:
            if error is not None and transaction is not None:
                transaction.broke()
            record.end(rows, result_bytes, error)

        stream = ResultStream(lease.cursor, reader, schema, bounds, limits, lease.free, ended)
        lease.streaming(stream)
        return stream

    def _from_memory(
        self, statement: Statement, values: Any, schema: pa.Schema, transaction: Transaction | None, name: str
    ) -> tuple[Lease, pa.RecordBatchReader] | None:
        """The query's result from copies of pinned datasets; None if it is to read the lake."""
        if (route := self._route(statement, transaction)) is None:
            return None
        rows = self._services.engine.batches.rows_at_once(schema)
        try:
            lease = self._lease_for(route, statement, name)
            reader = _open(lease, route.statement.text, values, rows)
        except SqlError:  # a copy is gone by now, or can't answer this: the lake can, or has an error for it
            self._services.cache.note(route, from_memory=False)
            return None
        if not reader.schema.equals(schema):
            reader.close()
            lease.cursor.discard()
            lease.free()
            self._services.cache.note(route, from_memory=False)
            return None
        self._services.cache.note(route, from_memory=True)
        return lease, reader

    def _route(self, statement: Statement, transaction: Transaction | None) -> Route | None:
        """How copies of pinned datasets answer the query. A client's transaction reads the lake, since it has a
        snapshot of its own and may have written."""
        if transaction is not None or self.cursors.has_temporary:
            return None

        def known(functions: frozenset[str]) -> bool:
            return functions.isdisjoint(ASKING) and self._services.placing.all_known(functions)

        return self._services.cache.find(statement, self.cursors.schema, known)

    def _lease_for(self, route: Route, statement: Statement, name: str = "") -> Lease:
        """As `_lease` for the query that the route answers. Raises SqlError if its names mean others by now."""
        lease = self._lease(statement, None, name, needs_lake=False)
        if lease.schema != route.schema:
            lease.free()
            raise SqlError("the schema of the session changed")
        return lease

    def at_once(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """Run now, exactly once, and return what it gives, bounded in bytes."""
        if statement.kind is Kind.UPDATE:
            return self.update(statement, bound, transaction).cast(COUNT)
        settings, limits = self._services.engine.settings, self._services.limits.of(self._principal.name)
        values = next(bound.values())
        self._services.guarding.check(statement, self.cursors.schema)
        return self._write(statement, transaction, lambda c: bounded(c, statement, values, settings, limits))

    def update(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """Run DML or DDL once per bound row, all or none; see `counted`. Single inserts that come at the same time are
        committed together."""
        insert = self._lone_insert(statement, bound) if transaction is None else None
        if insert is None:
            return self._update(statement, bound, transaction)
        # Read once: another call of the session may change it between the gate's answer and the commit.
        schema, zone = self.cursors.schema, self.cursors.time_zone or DEFAULT_TIME_ZONE
        locked = write_target(statement, schema) or ""
        if self._services.guarding.guard(locked) is not None:
            return self._update(statement, bound, transaction)
        key = Key(self._principal.name, schema, zone, insert.names, locked)
        with self._services.grouping.turn(key) as turn:
            if not turn.alone:
                staged = self._stage(statement, insert, bound, schema)
                if staged is not None and turn.commit(staged):
                    return pa.table({"Count": [staged.rows.num_rows]})
            return self._update(statement, bound, transaction, short=True)

    def _update(
        self, statement: Statement, bound: Bound, transaction: Transaction | None, short: bool = False
    ) -> pa.Table:
        """short: see `commit_on`."""
        schema, actor, alone = self.cursors.schema, self._principal.name, transaction is None
        guarding = self._services.guarding
        return self._write(
            statement, transaction, lambda cursor: guarding.run(cursor, statement, bound, schema, actor, alone), short
        )

    def _lone_insert(self, statement: Statement, bound: Bound) -> ValuesInsert | None:
        """The insert, if its rows may be computed before their commit."""
        if bound.count != 1 or self.cursors.has_temporary:
            return None
        insert = values_insert(statement)
        if insert is None or not insert.words.isdisjoint(ASKING):
            return None
        return insert if self._services.placing.all_known(insert.functions) else None

    def _stage(self, statement: Statement, insert: ValuesInsert, bound: Bound, schema: str) -> StagedRows | None:
        """The rows of the insert; None if they can't be had without the table. Bound values are rows as they are; what
        else a row holds DuckDB computes."""
        self._services.gate.admit(self._principal, statement.text, schema)
        target = full_name(insert.names, schema)
        if target is None:
            return None
        if insert.row is not None and bound.table is not None:
            return StagedRows(target, insert.columns, values_of(statement, insert.row, bound.table))
        try:
            with self._new_lease(None, self._wanted(needs_lake=False)) as cursor:
                return self._services.staging.rows(cursor, insert, target, next(bound.values()))
        except SqlError:
            return None

    def load(self, rows: Feed, target: Target, mode: Mode, transaction: Transaction | None) -> int:
        """Load a stream, all rows or none. A stream can be read once, so a conflict is the client's to try again."""
        engine, message = self._services.engine, f"ingest into {target.schema}.{target.table}"
        locked = f"{target.schema}.{target.table}".lower()
        hold = engine.locks.shared if mode == "append" else engine.locks.holding
        with (
            hold(locked, client_gone.get()),
            self._new_lease(transaction, self._wanted(for_temporary=target.temporary)) as cursor,
        ):
            author, guarding = self._principal.name, self._services.guarding
            guard = None if target.temporary else guarding.guard(locked)
            if transaction is not None:
                transaction.wrote(locked, guarding.version(locked))
                count = load(cursor, rows.reader(cursor.context), target, mode, guard, author)
            else:
                count = commit_on(
                    cursor, author, message, lambda c: _load(c, rows, target, mode, guard, author), tries=1
                )
            self.cursors.has_temporary |= target.temporary
        engine.schema_changed()
        return count

    def logged(self, kind: str, text: str, run: Callable[[], pa.Table]) -> pa.Table:
        """Run and record the end in the query log."""
        record = self._services.query_log.start(self._session_id, self._principal.name, kind, text)
        try:
            table = run()
        except BaseException as error:
            record.end(0, 0, error)
            raise
        rows = int(table["Count"][0].as_py()) if kind in COUNTED and table.num_rows else table.num_rows
        record.end(rows, table.nbytes, None)
        return table

    def _place(self, transaction: Transaction | None) -> tuple[object, ...]:
        """What names mean, as far as it differs between sessions."""
        cursors = self.cursors
        own = self._session_id if cursors.has_temporary or transaction is not None else ""
        return (cursors.schema, cursors.time_zone, own, transaction.id if transaction is not None else b"")

    def _wanted(self, name: str = "", needs_lake: bool = True, for_temporary: bool = False) -> Wanted:
        return Wanted(name, needs_lake, for_temporary, self.statement_s_max)

    def _new_lease(self, transaction: Transaction | None, wanted: Wanted) -> Lease:
        return Lease(self._services.engine, self.cursors, self.in_progress, transaction, wanted)

    def _lease(
        self, statement: Statement, transaction: Transaction | None, name: str = "", needs_lake: bool | None = None
    ) -> Lease:
        """The gate is asked again with the schema that counts now: the session's may have changed since.

        needs_lake: see `placing.py`; None finds out.
        """
        if needs_lake is None:
            needs_lake = self._services.placing.needs_lake(statement)
        lease = self._new_lease(transaction, self._wanted(name, needs_lake, creates_temporary(statement)))
        try:
            self._services.gate.admit(self._principal, statement.text, lease.schema)
        except BaseException:
            lease.free()
            raise
        return lease

    def _write(
        self,
        statement: Statement,
        transaction: Transaction | None,
        work: Callable[[LakeCursor], pa.Table],
        short: bool = False,
    ) -> pa.Table:
        """Run work in the client's transaction, or in one of its own that carries the principal's name."""
        engine, message = self._services.engine, statement.type_name.lower()
        target = write_target(statement, self.cursors.schema)
        hold = engine.locks.shared if statement.type_name == "INSERT" else engine.locks.holding
        with hold(target or self._session_id, client_gone.get()), self._lease(statement, transaction) as cursor:
            _check_commented_column(cursor, statement)
            if transaction is not None:
                if target is not None:
                    transaction.wrote(target, self._services.guarding.version(target))
                table = work(cursor)
            elif statement.type_name == "PIVOT":
                table = read_on(cursor, work)  # it makes a temporary type for its columns, which would stay
            else:
                table = commit_on(cursor, self._principal.name, message, work, short=short)
            self.cursors.has_temporary |= creates_temporary(statement)
        if statement.changes_schema:
            engine.schema_changed()
        return table


def _open(lease: Lease, text: str, values: Any, batch_rows: int) -> pa.RecordBatchReader:
    try:
        return lease.cursor.execute(text, values).reader(batch_rows)
    except BaseException:
        lease.fail()
        raise


def _check_commented_column(cursor: LakeCursor, statement: Statement) -> None:
    """DuckLake ends the whole database over a comment on a column that is not there: let the binder look first."""
    if (column := commented_column(statement)) is not None:
        cursor.rows(column)


def _load(cursor: LakeCursor, rows: Feed, target: Target, mode: Mode, guard: Guard | None, actor: str) -> int:
    """A stream that its client gave up looks like one that ended: ask before the commit."""
    count = load(cursor, rows.reader(cursor.context), target, mode, guard, actor)
    gone = client_gone.get()
    if gone is not None and gone():
        raise Cancelled("the client went away before its rows were committed")
    return count
