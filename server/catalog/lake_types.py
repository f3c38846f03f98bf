"""Column types as DuckLake's metadata table `ducklake_column` holds them: lower-case names, one row per nested part.

Reading that table is what makes catalog commands cheap (0.7 ms for 1,000 tables), so its rows are turned here into
DuckDB type names and Arrow fields.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from server.errors import Unsupported
from server.sql.arrow_types import ArrowField, arrow_field

_DUCKDB_NAMES: dict[str, str] = {
    "boolean": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "int128": "HUGEINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "uint128": "UHUGEINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "varchar": "VARCHAR",
    "json": "JSON",
    "uuid": "UUID",
    "blob": "BLOB",
    "geometry": "GEOMETRY",
    "variant": "VARIANT",
    "date": "DATE",
    "time": "TIME",
    "time_ns": "TIME_NS",
    "timetz": "TIME WITH TIME ZONE",
    "timestamp": "TIMESTAMP",
    "timestamp_us": "TIMESTAMP",
    "timestamp_s": "TIMESTAMP_S",
    "timestamp_ms": "TIMESTAMP_MS",
    "timestamp_ns": "TIMESTAMP_NS",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "interval": "INTERVAL",
}


@dataclass(frozen=True, slots=True)
class LakeColumn:
    """One row of `ducklake_column`: a column of a table, or a part of a nested one (then parent_id is set)."""

    column_id: int
    name: str
    type: str
    parent_id: int | None = None
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A top-level column: its DuckDB type and its Arrow field.

    The type is as DESCRIBE prints it, except that the member names of a STRUCT are always quoted.
    """

    name: str
    duckdb_type: str
    field: ArrowField


def ducklake_type(name: str) -> str:
    """Return the DuckDB name of a scalar DuckLake type: `int32` is INTEGER, `decimal(18,3)` is DECIMAL(18,3).

    Raises Unsupported for a type that DuckLake 1.0 doesn't store, and for `list`, `struct` and `map`: see column_types.
    """
    if name.startswith("decimal("):
        return name.upper()
    try:
        return _DUCKDB_NAMES[name]
    except KeyError:
        raise Unsupported(f"DuckLake type {name!r} is not a scalar type of this version") from None


def column_types(rows: Iterable[LakeColumn], time_zone: str = "UTC") -> list[ColumnType]:
    """Return the top-level columns of one table, in the order of its rows; nested parts keep theirs as well.

    rows: the live rows of one table, ordered by column_order (column ids are unique only within a table).
    A column with a VARIANT inside gets a string field: DuckDB exports no VARIANT, so clients read it through a cast.
    Raises Unsupported for a type that DuckLake 1.0 doesn't store.
    """
    children: dict[int | None, list[LakeColumn]] = defaultdict(list)
    for row in rows:
        children[row.parent_id].append(row)
    return [_column(row, children, time_zone) for row in children[None]]


def _column(row: LakeColumn, children: dict[int | None, list[LakeColumn]], time_zone: str) -> ColumnType:
    duckdb_type = _duckdb_type(row, children)
    try:
        field = arrow_field(row.name, duckdb_type, time_zone)
    except Unsupported:
        field = pa.field(row.name, pa.string())
    return ColumnType(row.name, duckdb_type, field.with_nullable(row.nullable))


def _duckdb_type(row: LakeColumn, children: dict[int | None, list[LakeColumn]]) -> str:
    if row.type not in ("list", "struct", "map"):
        return ducklake_type(row.type)
    parts = [(part.name, _duckdb_type(part, children)) for part in children[row.column_id]]
    match row.type, parts:
        case "list", [(_, item)]:
            return f"{item}[]"
        case "map", [(_, key), (_, value)]:
            return f"MAP({key}, {value})"
        case "struct", [_, *_]:
            members = ", ".join(f"{_quoted(name)} {kind}" for name, kind in parts)
            return f"STRUCT({members})"
    raise Unsupported(f"column {row.name!r} is a {row.type} with {len(parts)} parts in the lake's metadata")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
