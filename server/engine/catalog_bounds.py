"""The smallest and largest value of each column that DuckLake's catalog keeps for a table, taken from its live files.

DuckLake widens them with every insert and never forgets a value that is gone.
"""

from collections.abc import Iterable

import duckdb

from catalog_sql import named_queries
from server.engine.translate import translated

SQL = named_queries("queries/catalog_bounds.sql")
# DuckLake's names of column types → DuckDB's, for those whose bounds it keeps.
_TYPES = {
    "boolean": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "int128": "HUGEINT",
    "uint128": "UHUGEINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timetz": "TIMETZ",
    "timestamp": "TIMESTAMP",
    "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP",
    "timestamp_us": "TIMESTAMP",
    "timestamp_ns": "TIMESTAMP_NS",
    "timestamptz": "TIMESTAMPTZ",
    "uuid": "UUID",
    "varchar": "VARCHAR",
    "json": "VARCHAR",
    "blob": "VARCHAR",  # in hexadecimal digits
}


def bound_types(kinds: Iterable[str]) -> dict[str, str]:
    """DuckDB's names of those of DuckLake's types whose bounds it keeps."""
    return {kind: _TYPES.get(kind, kind) for kind in kinds if kind in _TYPES or kind.startswith("decimal(")}


def repair_bounds(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """schema: where DuckLake's tables are, SQL text. A column of another type, or that is gone, has no bounds then.

    Raises LakehouseError.
    """
    with translated():
        kinds = [str(kind) for (kind,) in connection.execute(SQL["types"].format(schema=schema)).fetchall()]
        taken = bound_types(kinds)
        for kind, name in taken.items():
            connection.execute(SQL["take"].format(schema=schema, type=name), {"kind": kind})
        connection.execute(SQL["forget_others"].format(schema=schema), {"kinds": list(taken)})
