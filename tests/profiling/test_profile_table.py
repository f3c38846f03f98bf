"""Profiling itself, on a lake without a server: what it withholds, that it stops, that it reads one snapshot."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.catalog.datasets import find_dataset
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, NotFound
from server.profiling.profile import ColumnProfile, TableProfile
from server.profiling.profiling import COLUMNS_AT_ONCE, Told, profile_table
from tests.compaction.lake import opened, run


@pytest.fixture
def engine(data: Path) -> Iterator[Engine]:
    with opened(data) as running:
        yield running


def _nobody(done: int, total: int) -> None:
    """Who listens where nobody does."""


def profiled(engine: Engine, name: str, *withheld: str, told: Told = _nobody) -> TableProfile:
    cursor = engine.cursor(SERVER)
    try:
        return profile_table(cursor, find_dataset(engine, name), withheld, told)
    finally:
        cursor.close()


def columns(profile: TableProfile) -> dict[str, ColumnProfile]:
    return {column.path: column for column in profile.columns}


def test_no_value_of_a_withheld_column_is_told(engine: Engine) -> None:
    run(
        engine,
        "CREATE TABLE t AS SELECT 4000 + i AS Salary, 'secret' || i AS name, 7000 + i AS open, "
        "{'email': 'secret' || i, 'n': i} AS contact FROM range(100) r(i)",
    )
    shown = columns(profiled(engine, "t"))
    assert (shown["Salary"].minimum, shown["name"].maximum, shown["contact.email"].minimum) == (
        "4000",
        "secret99",
        "secret0",
    )
    hidden = profiled(engine, "t", "SALARY", "name", "contact")
    assert [column.withheld for column in hidden.columns] == [True, True, False, True, True, True]
    found = columns(hidden)
    assert found["open"].minimum == "7000"
    assert (found["Salary"].distinct_count, found["name"].length_max) == (shown["Salary"].distinct_count, 8)
    told = "".join(str(column) for column in hidden.columns if column.withheld)
    assert "secret" not in told
    assert "40" not in told.replace(str(found["Salary"].column_id), "")
    histogram = found["Salary"].histogram
    assert histogram is not None
    assert {(each.lower, each.upper) for each in histogram} == {(None, None)}
    assert sum(each.row_count for each in histogram) == 100
    assert (found["Salary"].mean, found["Salary"].top_values) == (None, None)


def test_name_that_only_begins_like_a_withheld_one_is_told(engine: Engine) -> None:
    run(engine, "CREATE TABLE t AS SELECT 1 AS a, 2 AS ab, {'a': 3} AS s")
    found = columns(profiled(engine, "t", "a", "s.b"))
    assert {path: column.minimum for path, column in found.items()} == {"a": None, "ab": "2", "s": None, "s.a": "3"}


def test_rows_that_come_meanwhile_are_not_counted(engine: Engine) -> None:
    count = 2 * COLUMNS_AT_ONCE + 3
    listed = ", ".join(f"i AS c{number}" for number in range(count))
    run(engine, f"CREATE TABLE t AS SELECT {listed} FROM range(10) r(i)")
    steps = list[int]()

    def told(done: int, total: int) -> None:
        steps.append(done)
        run(engine, "INSERT INTO t FROM t LIMIT 1", "DELETE FROM t WHERE c0 = 5")

    profile = profiled(engine, "t", told=told)
    assert steps == [0, COLUMNS_AT_ONCE, 2 * COLUMNS_AT_ONCE, count]
    assert profile.row_count == 10
    assert {(column.null_count, column.maximum, column.distinct_count) for column in profile.columns} == {(0, "9", 10)}


def test_profile_goes_on_at_its_snapshot_after_a_column_failed(engine: Engine) -> None:
    run(engine, "CREATE TABLE t (a INTEGER, h HUGEINT)")
    run(engine, "INSERT INTO t VALUES (1, 170141183460469231731687303715884105727)")
    profile = profiled(engine, "t", told=lambda done, total: run(engine, "INSERT INTO t VALUES (2, 2)"))
    assert profile.row_count == 1
    assert columns(profile)["a"].maximum == "1"


def test_interrupted_profile_ends_and_leaves_no_transaction(engine: Engine) -> None:
    run(engine, "CREATE TABLE t AS SELECT hash(i) AS a, hash(i, 1)::VARCHAR AS b FROM range(3000000) r(i)")
    dataset, cursor, began = find_dataset(engine, "t"), engine.cursor(SERVER), threading.Event()
    ended = threading.Event()

    def interrupt() -> None:
        began.wait()
        while not ended.wait(0.01):  # between two statements it does nothing
            cursor.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(Cancelled):
        profile_table(cursor, dataset, (), lambda done, total: began.set())
    ended.set()
    thread.join()
    assert engine.transactions.oldest() is None
    cursor.close()


def test_what_is_told_may_end_it(engine: Engine) -> None:
    run(engine, "CREATE TABLE t AS SELECT 1 AS a")

    def told(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        profiled(engine, "t", told=told)
    assert engine.transactions.oldest() is None


def test_table_that_was_dropped_meanwhile_is_not_found(engine: Engine) -> None:
    run(engine, "CREATE TABLE t AS SELECT 1 AS a")
    dataset = find_dataset(engine, "t")
    run(engine, "DROP TABLE t")
    cursor = engine.cursor(SERVER)
    with pytest.raises(NotFound, match="t is gone"):
        profile_table(cursor, dataset, ())
    cursor.close()
