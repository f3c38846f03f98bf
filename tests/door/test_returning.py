"""Statements that give rows without being queries tell their columns when prepared, and run once when asked."""

import itertools

import pytest

from tests.door.bare import Bare, refusal
from tests.door.test_types import agreed, prepared

NUMBERS = itertools.count()


@pytest.fixture
def table(bare: Bare) -> str:
    """A temporary table: DuckLake has no RETURNING."""
    name = f"returned_{next(NUMBERS)}"
    bare.query(f"CREATE TEMP TABLE {name} (a INTEGER, b VARCHAR DEFAULT 'x', c DECIMAL(9,2))")
    bare.query(f"INSERT INTO {name} VALUES (1, 'one', 1.5), (2, 'two', 2.5)")
    return name


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO {t} (a) VALUES (5) RETURNING *",
        'INSERT INTO {t} (a) SELECT 5 RETURNING a + 1, b AS "b c" -- a remark',
        "UPDATE {t} SET b = 'y' WHERE a = 1 RETURNING {t}.*, c;",
        "UPDATE {t} AS z SET b = 'y' FROM range(2) r(i) WHERE z.a = r.i RETURNING z.a, * EXCLUDE (a) ;; ",
        "DELETE FROM {t} z USING range(2) r(i) WHERE z.a = r.i RETURNING upper(z.b) AS u, a AS a, a AS a",
        "WITH w AS (SELECT 1 AS i) DELETE FROM {t} WHERE a IN (SELECT i FROM w) RETURNING {{'a': a, 'l': [b]}} AS s",
        "MERGE INTO {t} USING range(9) r(i) ON {t}.a = r.i WHEN MATCHED THEN UPDATE SET b = 'm' "
        "WHEN NOT MATCHED THEN INSERT (a) VALUES (r.i) RETURNING merge_action, {t}.a, b || 'x' AS v",
    ],
)
def test_the_columns_of_returning_are_told_before_anything_runs(bare: Bare, table: str, text: str) -> None:
    before = bare.query(f"FROM {table}")
    promised, _ = prepared(bare, text.format(t=table))
    assert bare.query(f"FROM {table}").equals(before)
    found = bare.query(text.format(t=table))
    assert promised is not None
    assert promised.serialize().equals(found.schema.serialize())
    assert not bare.query(f"FROM {table}").equals(before)


def test_parameters_of_returning_are_told_and_bound(bare: Bare, table: str) -> None:
    promised, _ = prepared(bare, f"DELETE FROM {table} WHERE a = ? RETURNING b")
    assert promised is not None
    assert promised.names == ["b"]


@pytest.mark.parametrize(
    "text",
    [
        "PIVOT pivoted ON y USING sum(n) GROUP BY r",
        "SELECT * FROM (PIVOT pivoted ON y USING sum(n) GROUP BY r) ORDER BY r;",
        "WITH p AS (FROM pivoted) PIVOT p ON y USING sum(n) -- a remark",
        "FROM pivoted PIVOT (sum(n) FOR y IN (2023, 2024) GROUP BY r)",
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL health()",
    ],
)
def test_the_columns_of_other_statements_with_rows_are_told(bare: Bare, text: str) -> None:
    bare.update("CREATE OR REPLACE TABLE pivoted AS FROM (VALUES ('n', 2023, 1), ('s', 2024, 2)) t(r, y, n)")
    assert agreed(bare, text).num_columns > 0


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO {t} (a) VALUES (5)",
        "DROP TABLE {t}",
        "SET TimeZone = 'UTC'",
    ],
)
def test_an_update_has_no_columns(bare: Bare, table: str, text: str) -> None:
    promised, _ = prepared(bare, text.format(t=table))
    assert promised is None
    assert bare.query(f"FROM {table}").num_rows == 2


def test_a_column_that_is_not_there_is_told_and_changes_nothing(bare: Bare, table: str) -> None:
    error = refusal(lambda: bare.query(f"DELETE FROM {table} RETURNING nothing"))
    assert error.code == "sql_error"
    assert "nothing" in error.message
    assert "nothing" in refusal(lambda: agreed(bare, f"DELETE FROM {table} RETURNING nothing")).message
    assert bare.query(f"FROM {table}").num_rows == 2
