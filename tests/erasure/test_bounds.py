"""Bounds of columns after an erasure: those of what is left, or none; and rows are found whatever is written later."""

from pathlib import Path

import duckdb
import pytest

from server.engine.extensions import load_extension
from tests.harness import Server, query

# Column → type, then values as SQL: one that is erased below the others, one that stays, one that stays and one that is
# erased above the others, one that is inserted later.
COLUMNS = {
    "truth": ("BOOLEAN", "false", "true", "true", "true", "false"),
    "tiny": ("TINYINT", "(-128)", "-5", "5", "127", "6"),
    "small": ("SMALLINT", "-32000", "-5", "10", "32000", "9"),
    "whole": ("INTEGER", "-2000000000", "-5", "10", "2000000000", "9"),
    "big": ("BIGINT", "-9000000000000000000", "-50000000000", "10", "9000000000000000000", "9"),
    "u_tiny": ("UTINYINT", "0", "9", "10", "255", "8"),
    "u_small": ("USMALLINT", "0", "9", "10", "65535", "8"),
    "u_whole": ("UINTEGER", "0", "9", "10", "4294967295", "8"),
    "u_big": ("UBIGINT", "0", "9", "10", "18446744073709551615", "8"),
    "huge": (
        "HUGEINT",
        "-1000000000000000000000",
        "9",
        "10",
        "1000000000000000000000",
        "8",
    ),
    "real_4": ("FLOAT", "'-inf'", "-0.1", "0.1", "'nan'", "0.05"),
    "real_8": ("DOUBLE", "-1e300", "-0.1", "0.1", "'inf'", "1e-300"),
    "not_a_number": ("DOUBLE", "-1e300", "'nan'", "0.1", "'inf'", "-1"),
    "price": ("DECIMAL(9, 2)", "-1234567.89", "-9.5", "10.25", "1234567.89", "9"),
    "exact": ("DECIMAL(38, 10)", "-9999999999.5", "9", "10.0000000001", "9999999999.5", "9.5"),
    "day": ("DATE", "'0044-03-15 (BC)'", "'0999-12-31'", "'12000-01-01'", "'12345-06-07'", "'2000-01-01'"),
    "hour_of": ("TIME", "'00:00:00'", "'09:00:00'", "'10:00:00.000001'", "'24:00:00'", "'08:00:00'"),
    "moment": ("TIMESTAMP", "'0001-01-01'", "'0999-01-01'", "'12000-01-01'", "'12345-06-07'", "'2000-01-01'"),
    "moment_s": ("TIMESTAMP_S", "'0001-01-01'", "'0999-01-01'", "'2200-01-01'", "'9000-01-01'", "'2000-01-01'"),
    "moment_ms": ("TIMESTAMP_MS", "'0001-01-01'", "'0999-01-01'", "'2200-01-01'", "'9000-01-01'", "'2000-01-01'"),
    "moment_ns": (
        "TIMESTAMP_NS",
        "'1700-01-01'",
        "'1999-01-01 00:00:00.000000001'",
        "'2000-01-01 00:00:00.000000009'",
        "'2200-01-01'",
        "'1999-06-06'",
    ),
    "moment_tz": (
        "TIMESTAMPTZ",
        "'0001-01-01'",
        "'0999-01-01 00:00:00Z'",
        "'12000-01-01 00:00:00Z'",
        "'12345-06-07'",
        "'2000-01-01 00:00:00Z'",
    ),
    "code": (
        "UUID",
        "'00000000-0000-0000-0000-00000000dead'",
        "'10000000-0000-0000-0000-000000000001'",
        "'c0000000-0000-0000-0000-000000000001'",
        "'ffffffff-0000-0000-0000-00000000dead'",
        "'80000000-0000-0000-0000-000000000001'",
    ),
    "text": ("VARCHAR", "''", "'a''\"\\x'", "'é 😀'", "'😀'", "'b'"),
    "long_text": ("VARCHAR", "'a'", "repeat('😀', 200)", "'é'", "'😁'", "'b'"),
    "bytes": ("BLOB", "'\\x00'", "'\\x01\\xFF'", "'b'", "'\\xFF\\xFF'", "'a'"),
    "tree": ("JSON", "'\" erased\"'", "'[]'", "'{\"a\":1}'", "'{\"z\":1}'", "'[1]'"),
    "span": ("INTERVAL", "'1 day'", "'2 days'", "'3 days'", "'4 days'", "'2 days 1 hour'"),
    "void": ("INTEGER", "-9", "NULL", "NULL", "9", "1"),
    "partly": ("INTEGER", "-9", "NULL", "5", "9", "7"),
}
NESTED = {
    "items": ("INTEGER[]", "[-900, NULL]", "[-1, 2]", "[]", "[900]", "[3]"),
    "inside": (
        "STRUCT(a INTEGER, b VARCHAR[])",
        "{'a': -900, 'b': ['aa erased']}",
        "{'a': 1, 'b': ['c']}",
        "{'a': NULL, 'b': NULL}",
        "{'a': 900, 'b': ['zz erased']}",
        "{'a': 2, 'b': ['b']}",
    ),
    "pairs": (
        "MAP(VARCHAR, INTEGER)",
        "MAP {'aa erased': -900}",
        "MAP {'c': 1}",
        "MAP {}",
        "MAP {'zz erased': 900}",
        "MAP {'b': 2}",
    ),
    "shape": ("GEOMETRY", "'POINT(-900 -900)'", "'POINT(1 1)'", "'POINT(2 2)'", "'POINT(900 900)'", "'POINT(3 3)'"),
}
ALL = COLUMNS | NESTED
CHANGES = (
    "ALTER TABLE bounds ADD COLUMN added INTEGER DEFAULT 42",
    "ALTER TABLE bounds ADD COLUMN empty_until_later VARCHAR",
    "ALTER TABLE bounds DROP COLUMN truth",
    "ALTER TABLE bounds RENAME COLUMN whole TO renamed",
    "ALTER TABLE bounds ALTER COLUMN small SET DATA TYPE BIGINT",
)
BOUNDS = """
    SELECT c.column_name, coalesce(p.column_name, ''), s.min_value, s.max_value, s.extra_stats
    FROM {at}.ducklake_table_column_stats s
    JOIN {at}.ducklake_table t ON t.table_id = s.table_id AND t.end_snapshot IS NULL AND t.table_name = 'bounds'
    JOIN {at}.ducklake_schema n ON n.schema_id = t.schema_id AND n.schema_name = '{schema}'
    JOIN {at}.ducklake_column c ON c.table_id = s.table_id AND c.column_id = s.column_id AND c.end_snapshot IS NULL
    LEFT JOIN {at}.ducklake_column p ON p.table_id = c.table_id AND p.column_id = c.parent_column
"""
UNKNOWN = ("long_text", "not_a_number", "shape")  # a file has values without bounds, or all of them have
Bounds = dict[tuple[str, str], tuple[str | None, ...]]


def row(number: int) -> str:
    values = [f"{parts[1 + number]}::{parts[0]}" for parts in ALL.values()]
    return f"({number}, {', '.join(values)})"


def statements(*rows: int) -> list[str]:
    """Each row goes into a file of its own."""
    columns = ", ".join(f"{name} {parts[0]}" for name, parts in ALL.items())
    return [f"CREATE TABLE bounds (id INTEGER, {columns})", *(f"INSERT INTO bounds VALUES {row(n)}" for n in rows)]


def bounds_of(connection: duckdb.DuckDBPyConnection, at: str, schema: str = "main") -> Bounds:
    """Column and the one that it is nested in → its bounds."""
    rows = connection.execute(BOUNDS.format(at=at, schema=schema)).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def expected_bounds(folder: Path) -> Bounds:
    """Those of a lake that never had the erased rows."""
    with duckdb.connect() as connection:
        load_extension(connection, "ducklake")
        connection.execute(f"ATTACH 'ducklake:{folder}/fresh' AS fresh (DATA_PATH '{folder}/files/')")
        connection.execute("USE fresh")
        connection.execute("CALL fresh.set_option('data_inlining_row_limit', 0)")
        for statement in (*statements(1, 2), *CHANGES):
            connection.execute(statement)
        return bounds_of(connection, "__ducklake_metadata_fresh")


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has erased the rows below and above the others."""
    data = tmp_path_factory.mktemp("bounds") / "data"
    with Server(data) as server, server.connect() as connection:
        for statement in statements(0, 1, 2, 3):
            query(connection, statement)
        query(connection, "CALL tombstone(dataset := 'bounds', key_column := 'id', key_values := [0, 3])")
        for statement in CHANGES:
            query(connection, statement)
        rows = query(connection, "CALL erase(dataset := 'bounds')").to_pylist()
        assert [(row["surface"], row["detail"]) for row in rows if row["verdict"] != "clean"] == []
    return data


def test_bounds_are_those_of_what_is_left_or_none(erased: Path, tmp_path: Path) -> None:
    expected = expected_bounds(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{erased}/catalog/lake.ducklake' AS kept (READ_ONLY)")
        kept = bounds_of(connection, "kept")
        deleted = bounds_of(connection, "kept", "deleted")
    assert set(deleted.values()) == {(None, None, None)}
    assert kept.keys() == expected.keys()
    differ = {column: bounds for column, bounds in kept.items() if bounds != expected[column]}
    assert differ == {(name, ""): (None, None, None) for name in UNKNOWN}


def test_later_rows_are_found_by_every_column(erased: Path) -> None:
    with Server(erased) as server, server.connect() as connection, duckdb.connect() as plain:
        plain.execute("SET TimeZone = 'UTC'")
        for statement in (*statements(1, 2), *CHANGES):
            plain.execute(statement)
        for statement in (f"INSERT INTO bounds {later()}", "INSERT INTO bounds (id) VALUES (5)"):
            plain.execute(statement)
            query(connection, statement)
        differ = {}
        for name, text in questions().items():
            found = query(connection, text).to_pylist()
            if found != plain.execute(text).to_arrow_table().to_pylist():
                differ[name] = found
        assert differ == {}


def later() -> str:
    """A row between those that are left, in the columns that there are now."""
    values = [f"{parts[5]}::{parts[0]}" for name, parts in ALL.items() if name != "truth"]
    return f"SELECT 4, {', '.join(values)}, 43, 'later'"


def questions() -> dict[str, str]:
    """Column → a query that asks for each of its values, and for what is below and above."""
    told = {name: parts for name, parts in COLUMNS.items() if name not in ("truth", "whole")}
    told |= {"renamed": COLUMNS["whole"], "added": ("INTEGER", "41", "42", "43", "44", "0")}
    asked = {}
    for name, parts in told.items():
        selects = [
            f"SELECT '{sign} {number}' AS asked, id FROM bounds WHERE {name} {sign} {value}::{parts[0]}"
            for sign in ("=", "<", ">=")
            for number, value in enumerate(parts[1:])
        ]
        asked[name] = " UNION ALL ".join(selects) + " ORDER BY ALL"
    asked |= {name: f"SELECT id, {name}::VARCHAR AS value FROM bounds ORDER BY id" for name in NESTED}
    asked["lists"] = "SELECT id FROM bounds WHERE list_contains(items, 3) OR inside.a = 2 OR inside.a = 1 ORDER BY id"
    return asked
