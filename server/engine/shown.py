"""Arrow rows as views of one cursor, for writing again and again.

Registering rows makes DuckDB plan a view under Python's lock, which takes longer than inserting a few rows. So a view
is registered once for each schema, and shows whatever rows it is given.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from server.engine.cursor import LakeCursor

VIEWS_MAX = 16  # of one cursor


class _Rows:
    """What DuckDB asks for rows each time that a statement reads the view."""

    def __init__(self, schema: pa.Schema) -> None:
        self.name = f"shown_{secrets.token_hex(8)}"
        self.rows = schema.empty_table()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.rows.__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]


class Shown:
    """A cursor and its views. Not for two threads at once."""

    def __init__(self, cursor: LakeCursor) -> None:
        self.cursor = cursor
        self._views: OrderedDict[pa.Schema, _Rows] = OrderedDict()

    @contextmanager
    def showing(self, rows: pa.Table) -> Iterator[str]:
        """The full name of a view that holds these rows meanwhile. Enter it outside a transaction, or a rollback would
        take the view away."""
        view = self._view(rows.schema)
        view.rows = rows
        try:
            yield f"temp.main.{view.name}"
        finally:
            view.rows = rows.schema.empty_table()

    def _view(self, schema: pa.Schema) -> _Rows:
        if schema not in self._views:
            view = _Rows(schema)
            self.cursor.register(view.name, view)
            self._views[schema] = view
            if len(self._views) > VIEWS_MAX:
                _, oldest = self._views.popitem(last=False)
                self.cursor.unregister(oldest.name)
        self._views.move_to_end(schema)
        return self._views[schema]
