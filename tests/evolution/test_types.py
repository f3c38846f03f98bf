"""What is called lossless loses nothing in a real lake, and DuckLake alters to it."""

from collections.abc import Iterator
from itertools import permutations

import duckdb
import pytest

from server.engine.extensions import load_extension
from server.evolution.types import assignable, lossless, type_text, widened
from server.sql.type_names import parse

EXTREMES = {
    "TINYINT": ["-128", "127"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "UTINYINT": ["0", "255"],
    "USMALLINT": ["0", "65535"],
    "UINTEGER": ["0", "4294967295"],
    "UBIGINT": ["0", "18446744073709551615"],
    "FLOAT": ["0.1", "-3.5"],
    "DOUBLE": ["0.1", "1e300"],
    "DECIMAL(5,2)": ["-999.99", "0.01"],
    "DECIMAL(9,4)": ["-99999.9999", "0.0001"],
    "DECIMAL(20,0)": ["99999999999999999999", "-1"],
    "TIMESTAMP_S": ["1990-05-17 10:20:30", "2200-01-01 00:00:00"],
    "TIMESTAMP_MS": ["1990-05-17 10:20:30.123", "2200-01-01 00:00:00.001"],
    "TIMESTAMP": ["1990-05-17 10:20:30.123456", "2200-01-01 00:00:00.000001"],
    "DATE": ["1990-05-17", "5000000-01-01"],
    "BOOLEAN": ["true", "false"],
    "VARCHAR": ["a", ""],
}
LOSSLESS = [pair for pair in permutations(EXTREMES, 2) if lossless(parse(pair[0]), parse(pair[1]))]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("widening")
    connection = duckdb.connect()
    load_extension(connection, "ducklake")
    connection.execute(
        f"ATTACH 'ducklake:{folder}/x.ducklake' AS l (DATA_PATH '{folder}/data', DATA_INLINING_ROW_LIMIT 0)"
    )
    yield connection
    connection.close()


def altered(lake: duckdb.DuckDBPyConnection, source: str, target: str) -> list[tuple[str, str]]:
    """The extreme values of one type as text, before and after their column got the other type."""
    lake.execute(f"CREATE OR REPLACE TABLE l.t (v {source})")
    lake.execute(f"INSERT INTO l.t SELECT unnest(?)::{source}", [EXTREMES[source]])
    as_text = "v::TIMESTAMP::VARCHAR" if source.startswith("TIMESTAMP") else f"v::{source}::VARCHAR"
    before = lake.execute(f"SELECT {as_text} FROM l.t ORDER BY rowid").fetchall()
    lake.execute(f"ALTER TABLE l.t ALTER COLUMN v SET DATA TYPE {target}")
    after = lake.execute(f"SELECT {as_text} FROM l.t ORDER BY rowid").fetchall()
    return [(one, other) for (one,), (other,) in zip(before, after, strict=True)]


def test_lossless_types_are_altered_to_and_keep_every_value(lake: duckdb.DuckDBPyConnection) -> None:
    assert len(LOSSLESS) > 40
    for source, target in LOSSLESS:
        for before, after in altered(lake, source, target):
            assert before == after, (source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("BIGINT", "DOUBLE"),
        ("INTEGER", "FLOAT"),
        ("UBIGINT", "BIGINT"),
        ("INTEGER", "UINTEGER"),
        ("DOUBLE", "FLOAT"),
        ("DECIMAL(9,4)", "DECIMAL(9,2)"),
        ("DECIMAL(9,2)", "DECIMAL(9,4)"),
        ("DECIMAL(9,2)", "DOUBLE"),
        ("BIGINT", "DECIMAL(18,0)"),
        ("BIGINT", "HUGEINT"),
        ("TIMESTAMP", "DATE"),
        ("DATE", "TIMESTAMP"),
        ("VARCHAR", "INTEGER"),
        ("INTEGER", "VARCHAR"),
    ],
)
def test_what_may_lose_or_means_something_else_is_not_lossless(source: str, target: str) -> None:
    assert not lossless(parse(source), parse(target))


@pytest.mark.parametrize(
    ("table", "new", "expected"),
    [
        ("INTEGER", "BIGINT", "BIGINT"),
        ("BIGINT", "INTEGER", "BIGINT"),
        ("DOUBLE", "BIGINT", "DOUBLE"),
        ("VARCHAR", "DATE", "VARCHAR"),
        ("INTEGER", "VARCHAR", None),
        ("INTEGER[]", "BIGINT[]", "BIGINT[]"),
        ("STRUCT(a INTEGER, b VARCHAR)", "STRUCT(b VARCHAR, A BIGINT)", 'STRUCT("a" BIGINT, "b" VARCHAR)'),
        ("STRUCT(a INTEGER)", "STRUCT(b DATE)", 'STRUCT("a" INTEGER, "b" DATE)'),
        ("STRUCT(a INTEGER)", "STRUCT(a DATE)", None),
        ("STRUCT(a STRUCT(x INTEGER))[]", "STRUCT(a STRUCT(y DATE))[]", 'STRUCT("a" STRUCT("x" INTEGER, "y" DATE))[]'),
        ("MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, BIGINT)", "MAP(VARCHAR, BIGINT)"),
        ("INTEGER", "INTEGER[]", None),
    ],
)
def test_widened_type_takes_the_values_of_both(table: str, new: str, expected: str | None) -> None:
    found = widened(parse(table), parse(new))
    assert (found and type_text(found)) == expected


@pytest.mark.parametrize(
    "text",
    [
        'STRUCT("a ""b""" INTEGER, "c" VARCHAR[])[]',
        'UNION("a" INTEGER, "b" VARCHAR)',
        "ENUM('it''s', 'b')",
        "FLOAT[3][]",
        "MAP(VARCHAR, DECIMAL(5,2))",
        "TIMESTAMP WITH TIME ZONE",
    ],
)
def test_type_is_written_as_it_was_read(text: str) -> None:
    assert type_text(parse(text)) == text


def test_struct_with_a_new_field_is_not_assignable() -> None:
    assert assignable(parse("STRUCT(b INTEGER)"), parse("STRUCT(a INTEGER, B BIGINT)"))
    assert not assignable(parse("STRUCT(c INTEGER)"), parse("STRUCT(a INTEGER, b BIGINT)"))
