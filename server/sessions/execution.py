"""Running a session's statements: queries stream, all others run at once."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from server.access.principal import Principal
from server.engine.results import ResultStream
from server.errors import LakehouseError, SchemaChanged
from server.ingest.feed import Feed
from server.ingest.loading import Mode, Target
from server.sessions.bulk import Bound
from server.sessions.describing import Described
from server.sessions.from_memory import FromMemory
from server.sessions.leasing import Leasing
from server.sessions.services import Services
from server.sessions.transactions import Transaction
from server.sessions.writing import Writing
from server.sql.statements import Kind, Statement

COUNTED = (Kind.UPDATE.value, "ingest")  # kinds whose result is the number of rows


class Execution:
    """One per session. transaction: the client's open one, or None for autocommit."""

    def __init__(self, services: Services, principal: Principal, session_id: str) -> None:
        self._services = services
        self._principal = principal
        self._session_id = session_id
        self._leasing = Leasing(services, principal, session_id)
        self._from_memory = FromMemory(services, self._leasing)
        self._writing = Writing(services, self._leasing, principal, session_id)
        self.cursors = self._leasing.cursors
        self.in_progress = self._leasing.in_progress

    @property
    def statement_s_bound(self) -> float:
        """The server's bound on a statement, in seconds."""
        return self._services.engine.settings.statement_s_max

    @property
    def statement_s_max(self) -> float | None:
        """The session's own bound below the server's."""
        return self._leasing.statement_s_max

    @statement_s_max.setter
    def statement_s_max(self, seconds: float | None) -> None:
        self._leasing.statement_s_max = seconds

    def describe(
        self, statement: Statement, types: Mapping[str, str] | None, transaction: Transaction | None
    ) -> Described:
        """Result schema and parameter types of a query, without running it. types: of bound values, if any are."""
        place, describer = self._leasing.place(transaction), self._services.describer
        if (known := describer.known(statement, types, place)) is not None:
            return known
        if (found := self._from_memory.describe(statement, types, transaction)) is not None:
            return found
        return describer.describe(statement, types, place, lambda: self._leasing.lease(statement, transaction))

    def parameter_types(self, statement: Statement, transaction: Transaction | None) -> tuple[str, ...]:
        """DuckDB types of a DML statement's parameters, without running it."""
        return self._services.describer.parameter_types(
            statement, self._leasing.place(transaction), lambda: self._leasing.lease(statement, transaction)
        )

    def stream(
        self, statement: Statement, values: Any, schema: pa.Schema, transaction: Transaction | None, name: str
    ) -> ResultStream:
        """Run a query; its rows are computed as they are read, as batches of `schema`. name: see `InProgress`."""
        bounds = self._services.engine.batches
        record = self._services.query_log.start(
            self._session_id, self._principal.name, statement.kind.value, statement.text
        )
        try:
            opened = self._from_memory.open(statement, values, schema, transaction, name)
            if opened is None:
                lease = self._leasing.lease(statement, transaction, name)
                opened = lease, lease.open(statement.text, values, bounds.rows_at_once(schema))
        except BaseException as error:
            record.end(0, 0, error)
            raise
        lease, reader = opened
        limits = self._services.limits.of(self._principal.name)

        def ended(rows: int, result_bytes: int, error: LakehouseError | None) -> None:
            if isinstance(error, SchemaChanged):
                self._services.engine.schema_changed()  # it was another server: what is known of the query is forgotten
            if error is not None and transaction is not None:
                transaction.broke()
            record.end(rows, result_bytes, error)

        stream = ResultStream(lease.cursor, reader, schema, bounds, limits, lease.free, ended)
        lease.streaming(stream)
        return stream

    def at_once(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """See `Writing`."""
        return self._writing.at_once(statement, bound, transaction)

    def update(self, statement: Statement, bound: Bound, transaction: Transaction | None) -> pa.Table:
        """See `Writing`."""
        return self._writing.update(statement, bound, transaction)

    def load(self, rows: Feed, target: Target, mode: Mode, transaction: Transaction | None) -> int:
        """See `Writing`."""
        return self._writing.load(rows, target, mode, transaction)

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
