"""Statements of one session that run now and exactly once: in the client's transaction, or in one of their own."""

import contextlib
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from server.access.principal import Principal
from server.engine.commits import commit_on, read_on
from server.engine.cursor import LakeCursor
from server.engine.running import client_gone
from server.errors import Cancelled, SqlError
from server.evolution.fitting import Arriving, TableNeeded, Unfit
from server.ingest.feed import Feed
from server.ingest.loading import Mode, Target, load
from server.lineage.session import SessionLineage
from server.sessions.bulk import Bound, values_of
from server.sessions.grouping import Key
from server.sessions.leasing import Leasing
from server.sessions.options import DEFAULT_TIME_ZONE
from server.sessions.placing import ASKING
from server.sessions.runs import bounded
from server.sessions.services import Services
from server.sessions.staging import StagedRows, full_name
from server.sessions.stored_types import check_stored_types
from server.sessions.transactions import Transaction
from server.sql.field_metadata import annotate
from server.sql.inserts import ValuesInsert, values_insert
from server.sql.schema import schema_of
from server.sql.statements import Kind, Statement
from server.sql.targets import commented_column, creates_temporary, made_with_rows, write_target

COUNT = annotate(schema_of(Count=pa.int64()), None)


class Writing:
    """One per session. transaction: the client's open one, or None for autocommit."""

    def __init__(self, services: Services, leasing: Leasing, principal: Principal, session_id: str) -> None:
        self._services = services
        self._leasing = leasing
        self._principal = principal
        self._session_id = session_id
        self._lineage = SessionLineage(services.lineage, principal.name)

    def at_once(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """Run now, exactly once, and return what it gives, bounded in bytes."""
        if statement.kind is Kind.UPDATE:
            return self.update(statement, bound, transaction).cast(COUNT)
        settings, limits = self._services.engine.settings, self._services.limits.of(self._principal.name)
        values = next(bound.values())
        self._services.guarding.check(statement, self._leasing.cursors.schema)
        return self._write(statement, transaction, lambda c: bounded(c, statement, values, settings, limits))

    def update(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """Run DML or DDL once per bound row, all or none; see `counted`. Single inserts that come at the same time are
        committed together."""
        insert = self._lone_insert(statement, bound) if transaction is None else None
        if insert is None:
            return self._update(statement, bound, transaction)
        # Read once: another call of the session may change it between the gate's answer and the commit.
        schema, zone = self._leasing.cursors.schema, self._leasing.cursors.time_zone or DEFAULT_TIME_ZONE
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
        schema, actor, alone = self._leasing.cursors.schema, self._principal.name, transaction is None
        guarding, arrivals = self._services.guarding, self._services.arrivals
        made = made_with_rows(statement, schema)

        def work(cursor: LakeCursor) -> pa.Table:
            table = guarding.run(cursor, statement, bound, schema, actor, alone)
            if made is not None:
                arrive = arrivals.arrived if made.may_exist else arrivals.made
                arrive(cursor, actor, made.schema, made.table, _rows_in(table), alone)
            return table

        return self._write(statement, transaction, work, short)

    def _lone_insert(self, statement: Statement, bound: Bound) -> ValuesInsert | None:
        """The insert, if its rows may be computed before their commit."""
        if bound.count != 1 or self._leasing.cursors.has_temporary:
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
            with self._leasing.ungated(None, needs_lake=False) as cursor:
                return self._services.staging.rows(cursor, insert, target, next(bound.values()))
        except SqlError:
            return None

    def load(self, rows: Feed, target: Target, mode: Mode, transaction: Transaction | None) -> int:
        """Load a stream, all rows or none. A stream can be read once, so a conflict is the client's to try again."""
        engine, locked = self._services.engine, f"{target.schema}.{target.table}".lower()
        if mode == "append":
            with contextlib.suppress(TableNeeded), engine.locks.shared(locked, client_gone.get()):
                return self._load(rows, target, mode, transaction, alone=False)
        with engine.locks.holding(locked, client_gone.get()):
            try:
                return self._load(rows, target, mode, transaction, alone=True)
            except Unfit as unfit:
                proposals, author = self._services.proposals, self._principal.name
                raise proposals.refusal(target.schema, target.table, unfit.draft, author) from None

    def _load(self, rows: Feed, target: Target, mode: Mode, transaction: Transaction | None, alone: bool) -> int:
        """alone: the table is held by nobody else."""
        locked, author = f"{target.schema}.{target.table}".lower(), self._principal.name
        guarding, ask = self._services.guarding, self._services.engine.settings.schema_evolution == "ask"
        arriving = Arriving("the stream", alone=alone, ask=ask)
        with self._leasing.ungated(transaction, for_temporary=target.temporary) as cursor:
            guard = None if target.temporary else guarding.guard(locked)

            def work(cursor: LakeCursor) -> int:
                count = load(cursor, rows.reader(cursor.context), target, mode, guard, author, arriving)
                if not target.temporary:
                    self._detect(cursor, target, mode, count, transaction is None)
                return count

            if transaction is not None:
                transaction.wrote(locked, guarding.version(locked))
                count = work(cursor)
            else:
                message = f"ingest into {target.schema}.{target.table}"
                count = commit_on(cursor, author, message, lambda c: _of_a_client_that_stays(work(c)), tries=1)
            self._leasing.cursors.has_temporary |= target.temporary
            if target.temporary:
                self._lineage.loaded(target.table)
        self._services.engine.schema_changed()
        return count

    def _detect(self, cursor: LakeCursor, target: Target, mode: Mode, count: int, alone: bool) -> None:
        """Look for personal data in what has come, in the same transaction."""
        arrivals, author = self._services.arrivals, self._principal.name
        arrive = arrivals.made if mode in ("create", "replace") else arrivals.arrived
        arrive(cursor, author, target.schema, target.table, count, alone)

    def _write(
        self,
        statement: Statement,
        transaction: Transaction | None,
        work: Callable[[LakeCursor], pa.Table],
        short: bool = False,
    ) -> pa.Table:
        """Run work in the client's transaction, or in one of its own that carries the principal's name."""
        engine, message, schema = self._services.engine, statement.type_name.lower(), self._leasing.cursors.schema
        target = write_target(statement, schema)
        hold = engine.locks.shared if statement.type_name == "INSERT" else engine.locks.holding
        with hold(target or self._session_id, client_gone.get()), self._leasing.lease(statement, transaction) as cursor:
            _check_commented_column(cursor, statement)
            check_stored_types(cursor, statement)
            cursor.changed_schema |= statement.changes_schema and not creates_temporary(statement)
            if transaction is not None:
                if target is not None:
                    transaction.wrote(target, self._services.guarding.version(target))
                table = self._lineage.in_transaction(cursor, statement, schema, work, transaction.pending)
            elif statement.type_name == "PIVOT":
                table = read_on(cursor, work)  # it makes a temporary type for its columns, which would stay
            else:
                author = self._principal.name
                commit = partial(commit_on, cursor, author, message, short=short)
                table = self._lineage.alone(statement, schema, commit, work)
            self._leasing.cursors.has_temporary |= creates_temporary(statement)
        if statement.changes_schema:
            engine.schema_changed()
        return table


def _check_commented_column(cursor: LakeCursor, statement: Statement) -> None:
    """DuckLake ends the whole database over a comment on a column that is not there: let the binder look first."""
    if (column := commented_column(statement)) is not None:
        cursor.rows(column)


def _of_a_client_that_stays(count: int) -> int:
    """A stream that its client gave up looks like one that ended: ask before the commit."""
    gone = client_gone.get()
    if gone is not None and gone():
        raise Cancelled("the client went away before its rows were committed")
    return count


def _rows_in(table: pa.Table) -> int:
    """The number that a statement gives, 0 if it gives none."""
    return int(table.column(0)[0].as_py()) if table.num_rows and table.column_names == ["Count"] else 0
