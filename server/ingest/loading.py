"""Load an Arrow stream into a table, inside the caller's transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.erasure.guard import Guard
from server.errors import InvalidArgument
from server.evolution.fitting import Arriving, fitting
from server.ingest.storable import storable
from server.sql.letter_case import folded
from server.sql.quoting import identifier, qualified

Mode = Literal["create", "append", "replace", "create_append"]
STREAM, SHAPE = "lakehouse_stream", "lakehouse_shape"


@dataclass(frozen=True)
class Target:
    """temporary: in the session's own temporary schema instead of the lake."""

    schema: str
    table: str
    temporary: bool = False

    def __str__(self) -> str:
        return identifier(self.table) if self.temporary else qualified(LAKE, self.schema, self.table)


def load(
    cursor: LakeCursor,
    stream: pa.RecordBatchReader,
    target: Target,
    mode: Mode,
    guard: Guard | None = None,
    actor: str = "",
    arriving: Arriving | None = None,
) -> int:
    """Write every row or none (the caller rolls back on any error); the number of rows.

    create: the table must not be there. append: it must be, columns are matched by name. replace: it is made anew.
    create_append: made if it is not there. guard: of the table, if it has suppressed keys; what it holds back is not
    among the rows, and is counted as the actor's. arriving: the table is altered to take the rows, if that is safe.

    Raises SqlError with DuckDB's reason, and what `fitting` raises.
    """
    stream = storable(stream)
    _check_names(stream.schema)
    cursor.register(STREAM, stream)
    try:
        with _fitted(cursor, stream.schema, target, mode, arriving) as fitted:
            if guard is None:
                return _write(cursor, stream.schema, fitted, target, mode)

            def make(staged: str) -> None:
                cursor.execute(f"CREATE TEMP TABLE {staged} AS SELECT * FROM {fitted}")

            with guard.passing(cursor, actor, make) as source:
                return _write(cursor, stream.schema, source, target, mode)
    finally:
        cursor.unregister(STREAM)


@contextmanager
def _fitted(
    cursor: LakeCursor, schema: pa.Schema, target: Target, mode: Mode, arriving: Arriving | None
) -> Iterator[str]:
    """What to write from. A table that is made takes any rows."""
    if arriving is None or target.temporary or mode not in ("append", "create_append"):
        yield STREAM
        return
    with fitting(cursor, schema, STREAM, str(target), arriving) as source:
        yield source


def _write(cursor: LakeCursor, schema: pa.Schema, source: str, target: Target, mode: Mode) -> int:
    kind = "TEMPORARY TABLE" if target.temporary else "TABLE"
    match mode:
        case "create":
            return _count(cursor, f"CREATE {kind} {target} AS SELECT * FROM {source}")
        case "replace":
            return _count(cursor, f"CREATE OR REPLACE {kind} {target} AS SELECT * FROM {source}")
        case "create_append":
            cursor.register(SHAPE, schema.empty_table())
            cursor.execute(f"CREATE {kind} IF NOT EXISTS {target} AS SELECT * FROM {SHAPE}")
            cursor.unregister(SHAPE)
    return _count(cursor, f"INSERT INTO {target} BY NAME SELECT * FROM {source}")


def _count(cursor: LakeCursor, sql: str) -> int:
    return int(cursor.rows(sql)[0][0])


def _check_names(schema: pa.Schema) -> None:
    if not schema.names:
        raise InvalidArgument("the data has no columns")
    seen: set[str] = set()
    for name in schema.names:
        if not name:
            raise InvalidArgument("a column of the data has no name")
        if folded(name) in seen:
            raise InvalidArgument(f"column {name} comes twice: names differ in more than case")
        seen.add(folded(name))
