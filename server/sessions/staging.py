"""The rows of an INSERT … VALUES as its table would hold them, computed in an empty copy of that table in memory.

So DuckDB itself casts the values and fills in what the statement leaves out, in a fraction of a millisecond, while a
commit to the lake takes many.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.location import LAKE
from server.errors import SqlError
from server.sql.inserts import ValuesInsert
from server.sql.quoting import identifier, qualified

KEPT_MAX = 256
COPIES = "memory.staging"
# What goes through Arrow and back unchanged; TIME WITH TIME ZONE, INTERVAL, HUGEINT and others don't.
_TYPES = frozenset(
    """BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT FLOAT DOUBLE VARCHAR BLOB DATE TIME
    TIMESTAMP""".split()
) | {"TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class StagedRows:
    """Rows on their way into a table. target: its full name, SQL text. columns: that they fill, none for all. rows:
    with a column p0, p1, … for each."""

    target: str
    columns: tuple[str, ...]
    rows: pa.Table

    def fits(self, other: "StagedRows") -> bool:
        """Whether both can go in together."""
        if (self.target, self.columns) != (other.target, other.columns):
            return False
        pairs = zip(self.rows.schema.types, other.rows.schema.types, strict=False)
        return self.rows.num_columns == other.rows.num_columns and all(
            one == two or pa.types.is_null(one) or pa.types.is_null(two) for one, two in pairs
        )


class Staging:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._copies: OrderedDict[tuple[str, int], str | None] = OrderedDict()
        self._lock = threading.Lock()
        self._numbers = count()

    def rows(
        self, cursor: LakeCursor, insert: ValuesInsert, target: str, values: Sequence[Any] | Mapping[str, Any]
    ) -> StagedRows | None:
        """target: the table's full name. None for a table whose rows can't be computed apart from it.

        Raises SqlError as the insert itself would, or because a function needs the lake.
        """
        copy = self._copy(target)
        if copy is None:
            return None
        cursor.execute("BEGIN")
        try:
            cursor.execute(insert.into(copy), values)
            rows = cursor.execute(f"FROM {copy}").table()
            names = [f"p{number}" for number in range(rows.num_columns)]
            return StagedRows(target, tuple(rows.column_names), rows.rename_columns(names))
        finally:
            cursor.roll_back()

    def _copy(self, target: str) -> str | None:
        """The empty copy of the table as it is now; None for one with defaults or with types that Arrow changes."""
        key = (target, self._engine.schema_epoch)
        with self._lock:
            if key not in self._copies:
                self._copies[key] = self._engine.read(lambda cursor: self._make(cursor, target))
                while len(self._copies) > KEPT_MAX:
                    self._drop(self._copies.popitem(last=False)[1])
            return self._copies[key]

    def _make(self, cursor: LakeCursor, target: str) -> str | None:
        try:
            columns = cursor.rows(f"DESCRIBE {target}")
        except SqlError:
            return None  # there is no such table: the insert itself says so best
        if any(default not in (None, "NULL") or not _is_kept(str(kind)) for _, kind, _, _, default, _ in columns):
            return None
        copy = f"{COPIES}.copy_{next(self._numbers)}"
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {COPIES}")
        cursor.execute(f"CREATE TABLE {copy} ({', '.join(f'{identifier(n)} {k}' for n, k, *_ in columns)})")
        return copy

    def _drop(self, copy: str | None) -> None:
        if copy is not None:
            self._engine.read(lambda cursor: cursor.execute(f"DROP TABLE IF EXISTS {copy}"))


def _is_kept(kind: str) -> bool:
    return kind in _TYPES or kind.startswith("DECIMAL(")


def full_name(names: tuple[str, ...], schema: str) -> str | None:
    """SQL text of the full name of a table of the lake; None for a name that could mean something else."""
    match names:
        case (table,):
            return qualified(LAKE, schema, table)
        case (catalog, place, table) if catalog.lower() == LAKE:
            return qualified(LAKE, place, table)
        case (place, table) if place.lower() not in (LAKE, "memory", "temp"):
            return qualified(LAKE, place, table)
    return None
