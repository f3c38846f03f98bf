"""The smallest and largest value of each column that DuckLake's catalog keeps for a table, taken from its live files.

DuckLake widens them with every insert and never forgets a value that is gone.
"""

import duckdb

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
    "timestamp": "TIMESTAMP",
    "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP",
    "timestamp_us": "TIMESTAMP",
    "timestamp_ns": "TIMESTAMP_NS",
    "timestamptz": "TIMESTAMPTZ",
    "uuid": "UUID",
    "varchar": "VARCHAR",
}

_BOUNDS = """
UPDATE {schema}.ducklake_table_column_stats AS kept SET min_value = found.lowest, max_value = found.highest
FROM (
    SELECT c.table_id, c.column_id, {lowest} AS lowest, {highest} AS highest
    FROM {schema}.ducklake_column c
    LEFT JOIN {schema}.ducklake_data_file f ON f.table_id = c.table_id AND f.end_snapshot IS NULL
    LEFT JOIN {schema}.ducklake_file_column_stats s ON s.data_file_id = f.data_file_id AND s.column_id = c.column_id
    WHERE c.end_snapshot IS NULL AND c.column_type = ?
    GROUP BY ALL
) AS found
WHERE kept.table_id = found.table_id AND kept.column_id = found.column_id
    AND (kept.min_value IS DISTINCT FROM found.lowest OR kept.max_value IS DISTINCT FROM found.highest)
"""


def repair_bounds(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """schema: where DuckLake's tables are, SQL text. A column of another type, or that is gone, has no bounds then."""
    kinds = connection.execute(
        f"SELECT DISTINCT column_type FROM {schema}.ducklake_column WHERE end_snapshot IS NULL"
    ).fetchall()
    for (kind,) in kinds:
        known = _TYPES.get(kind) or ("VARCHAR" if kind.startswith("decimal") else None)
        lowest, highest = (
            f"{which}(TRY_CAST(s.{which}_value AS {_exact(kind, known)}))::VARCHAR" if known else "NULL::VARCHAR"
            for which in ("min", "max")
        )
        connection.execute(_BOUNDS.format(schema=schema, lowest=lowest, highest=highest), [kind])
    connection.execute(
        f"UPDATE {schema}.ducklake_table_column_stats SET min_value = NULL, max_value = NULL "
        "WHERE (table_id, column_id) NOT IN ("
        f"SELECT (table_id, column_id) FROM {schema}.ducklake_column WHERE end_snapshot IS NULL)"
    )


def _exact(kind: str, known: str) -> str:
    return kind if kind.startswith("decimal") else known
