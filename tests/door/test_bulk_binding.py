"""Many bound rows: all of them or none, the same values as one by one, in one file."""

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.door.bare import refusal
from tests.harness import query

TABLE = "bulk_bound"


@pytest.fixture(scope="module", autouse=True)
def table(server: Any) -> Iterator[None]:
    with server.connect() as connection:
        query(connection, f"CREATE OR REPLACE TABLE {TABLE} (i INTEGER NOT NULL, s VARCHAR, d DATE)")
        yield
        query(connection, f"DROP TABLE {TABLE}")


@pytest.fixture(autouse=True)
def emptied(connection: dbapi.Connection) -> None:
    query(connection, f"DELETE FROM {TABLE}")


def many(connection: dbapi.Connection, text: str, rows: Any) -> int:
    with connection.cursor() as cursor:
        cursor.executemany(text, rows)
        return int(cursor.rowcount)


def test_a_hundred_thousand_rows_are_one_commit_and_one_file(connection: dbapi.Connection) -> None:
    files = f"SELECT file_count FROM catalog.datasets WHERE dataset = '{TABLE}'"
    before = query(connection, files)["file_count"][0].as_py()
    rows = pa.table({"a": range(100_000), "b": [f"row {i}" for i in range(100_000)]})
    assert many(connection, f"INSERT INTO {TABLE} (i, s) VALUES (?, ?)", rows.to_batches()[0]) == 100_000
    assert query(connection, f"SELECT count(DISTINCT s) AS n FROM {TABLE}")["n"][0].as_py() == 100_000
    assert query(connection, files)["file_count"][0].as_py() - before <= 1


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT INTO {TABLE} VALUES (?, ?, ?)",
        f"insert into lakehouse.main.{TABLE} values ($1, $2, $3)",
        f'INSERT INTO "{TABLE}" (i, s, d) VALUES (?, upper(?), ?)',
        f"INSERT INTO {TABLE} SELECT ?, ?, ?",
    ],
)
def test_every_form_of_insert_gives_the_same_rows(connection: dbapi.Connection, text: str) -> None:
    rows = [(1, "A", dt.date(2024, 2, 29)), (2, None, None), (3, "C'); DROP TABLE X; --", dt.date(1, 1, 1))]
    assert many(connection, text, rows) == 3
    found = query(connection, f"SELECT i, s, d FROM {TABLE} ORDER BY i").to_pylist()
    assert [tuple(row.values()) for row in found] == rows


def test_columns_are_filled_by_their_names(connection: dbapi.Connection) -> None:
    many(connection, f"INSERT INTO {TABLE} (s, i) VALUES ($2, $1)", [(1, "one"), (2, "two")])
    assert query(connection, f"SELECT s FROM {TABLE} ORDER BY i")["s"].to_pylist() == ["one", "two"]


def test_texts_become_what_the_columns_hold(connection: dbapi.Connection) -> None:
    many(connection, f"INSERT INTO {TABLE} VALUES (?, ?, ?)", [("7", "x", "2024-01-02"), ("8", "y", "2024-01-03")])
    assert query(connection, f"SELECT max(d) AS d FROM {TABLE}")["d"][0].as_py() == dt.date(2024, 1, 3)


@pytest.mark.parametrize("bad", [[(1, "a", "2024-01-01"), (2, "b", "no date")], [(1, "a", None), (None, "b", None)]])
def test_one_bad_row_loads_nothing(connection: dbapi.Connection, bad: Any) -> None:
    assert refusal(lambda: many(connection, f"INSERT INTO {TABLE} VALUES (?, ?, ?)", bad)).code == "sql_error"
    assert query(connection, f"SELECT count(*) AS n FROM {TABLE}")["n"][0].as_py() == 0


def test_updates_and_deletes_run_once_for_each_row(connection: dbapi.Connection) -> None:
    many(connection, f"INSERT INTO {TABLE} (i, s) VALUES (?, ?)", [(i, "old") for i in range(6)])
    assert many(connection, f"UPDATE {TABLE} SET s = ? WHERE i = ?", [("new", 1), ("newer", 2)]) == 2
    assert many(connection, f"DELETE FROM {TABLE} WHERE i > ?", [(4,), (2,)]) == 3
    assert query(connection, f"SELECT s FROM {TABLE} ORDER BY i")["s"].to_pylist() == ["old", "new", "newer"]


def test_values_of_many_types_come_back(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE bulk_types (x DECIMAL(18, 3), u UUID, t TIME, l INTEGER[], b BLOB)")
    rows = pa.table(
        {
            "x": [decimal.Decimal("1.500"), None],
            "u": [str(uuid.UUID(int=7)), None],
            "t": pa.array([dt.time(1, 2, 3, 4), None], pa.time64("us")),
            "l": [[1, None, 3], []],
            "b": [b"\0\xff", b""],
        }
    )
    many(connection, "INSERT INTO bulk_types VALUES (?, ?, ?, ?, ?)", rows.to_batches()[0])
    found = query(connection, "SELECT x, u::VARCHAR AS u, t, l, b FROM bulk_types ORDER BY x NULLS LAST").to_pylist()
    assert found == rows.to_pylist()
    query(connection, "DROP TABLE bulk_types")


def test_any_name_of_a_table_and_any_type_of_a_value_are_taken_or_refused(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE lakehouse_bound_rows (i INTEGER)")
    assert many(connection, "INSERT INTO lakehouse_bound_rows VALUES (?)", [(1,), (2,)]) == 2
    query(connection, "DROP TABLE lakehouse_bound_rows")
    odd = pa.record_batch({"0": pa.array([decimal.Decimal(10) ** 60] * 2, pa.decimal256(70, 0))})
    error = refusal(lambda: many(connection, f"INSERT INTO {TABLE} (i) VALUES (?)", odd))
    assert error.code in ("invalid_argument", "sql_error")
