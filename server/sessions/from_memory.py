"""Queries of one session that copies of pinned datasets answer, as far as they can; see `server/cache`.

None, here, always means that the lake is to be read: it has every answer, and every error in the caller's own words.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from server.cache.routing import Route
from server.engine.context import Context
from server.engine.results import Reader
from server.engine.translate import translated
from server.errors import SqlError
from server.sessions.describing import Described
from server.sessions.leases import Lease
from server.sessions.leasing import Leasing
from server.sessions.placing import ASKING
from server.sessions.services import Services
from server.sessions.transactions import Transaction
from server.sql.statements import Statement

EXCERPT = "\n\nLINE "  # where in the text that ran DuckDB met the error


class FromMemory:
    """One per session."""

    def __init__(self, services: Services, leasing: Leasing) -> None:
        self._services = services
        self._leasing = leasing

    def describe(
        self, statement: Statement, types: Mapping[str, str] | None, transaction: Transaction | None
    ) -> Described | None:
        """As `Describer.describe`."""
        if (route := self._route(statement, transaction)) is None:
            return None
        with contextlib.suppress(SqlError):
            return self._services.describer.describe(
                statement,
                types,
                self._leasing.place(transaction),
                lambda: self._lease(route, statement),
                route.statement,
            )
        return None

    def open(
        self, statement: Statement, values: Any, schema: pa.Schema, transaction: Transaction | None, name: str
    ) -> tuple[Lease, Reader] | None:
        """The query's result, of this schema. name: see `InProgress`."""
        if (route := self._route(statement, transaction)) is None:
            return None
        opened = self._opened(route, statement, values, schema, name)
        self._services.cache.note(route, from_memory=opened is not None)
        return opened

    def _route(self, statement: Statement, transaction: Transaction | None) -> Route | None:
        """A client's transaction reads the lake, since it has a snapshot of its own and may have written."""
        cursors, placing = self._leasing.cursors, self._services.placing
        if transaction is not None or cursors.has_temporary:
            return None

        def known(functions: frozenset[str]) -> bool:
            return functions.isdisjoint(ASKING) and placing.all_known(functions)

        return self._services.cache.find(statement, cursors.schema, known)

    def _opened(
        self, route: Route, statement: Statement, values: Any, schema: pa.Schema, name: str
    ) -> tuple[Lease, Reader] | None:
        rows = self._services.engine.batches.rows_at_once(schema)
        try:
            lease = self._lease(route, statement, name)
            reader = lease.open(route.statement.text, values, rows)
        except SqlError:  # a copy is gone by now, or the query has an error
            return None
        if reader.schema.equals(schema):
            return lease, _WithoutExcerpts(reader, lease.cursor.context)
        reader.close()
        lease.cursor.discard()
        lease.free()
        return None

    def _lease(self, route: Route, statement: Statement, name: str = "") -> Lease:
        """Raises SqlError if the names of the query mean others by now."""
        lease = self._leasing.lease(statement, None, name, needs_lake=False)
        if lease.schema != route.schema:
            lease.free()
            raise SqlError("the schema of the session changed")
        return lease


class _WithoutExcerpts:
    """A reader whose errors do not show the text that ran, which is not the caller's. Rows may be on their way by then,
    so it is too late for the lake to tell the error."""

    def __init__(self, reader: pa.RecordBatchReader, context: Context) -> None:
        self._reader = reader
        self._context = context
        self.schema = reader.schema

    def read_next_batch(self) -> pa.RecordBatch:
        try:
            with translated(self._context):
                return self._reader.read_next_batch()
        except SqlError as error:
            raise SqlError(str(error).partition(EXCERPT)[0]) from None

    def close(self) -> None:
        self._reader.close()
