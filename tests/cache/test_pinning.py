"""cache_pin and cache_evict: what they tell and refuse, what gives way, what outlives a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.cache.watching import evict, from_memory, pin, stats, wait_ready
from tests.harness import Server, query
from tests.lake.ports import wait_until

MIB = 1 << 20


def code(connection: dbapi.Connection, sql: str) -> str:
    with pytest.raises(dbapi.Error) as raised:
        query(connection, sql)
    return str(lakehouse_error(raised.value).code)


@pytest.fixture
def table(connection: dbapi.Connection) -> Iterator[str]:
    query(connection, "CREATE OR REPLACE TABLE pinning AS SELECT range AS id FROM range(1000)")
    yield "pinning"
    query(connection, "DROP TABLE IF EXISTS pinning")
    if stats(connection, "pinning"):
        evict(connection, "pinning")


def test_a_pin_is_told_and_listed(connection: dbapi.Connection, table: str) -> None:
    told = pin(connection, table)
    assert (told["dataset"], told["row_count"], told["evicted"]) == (table, 1000, [])
    row = stats(connection, table)
    assert (row["state"], row["row_count"], row["hits"], row["misses"]) == ("ready", 1000, 0, 0)
    assert row["bytes"] == told["bytes"] > 8000
    assert row["last_used_at"] is None
    newest = query(connection, "SELECT max(snapshot_id) AS id FROM catalog.snapshots").to_pylist()[0]["id"]
    assert row["snapshot"] <= newest
    query(connection, f"SELECT count(*) FROM {table}")
    row = stats(connection, table)
    assert row["hits"] == 1
    assert row["last_used_at"] >= row["pinned_at"]


def test_a_query_that_finds_the_copy_behind_counts_as_a_miss(connection: dbapi.Connection, table: str) -> None:
    pin(connection, table)
    query(connection, f"ALTER TABLE {table} ADD COLUMN more INTEGER")
    # The worker may be first: then there is none to count, and the next change gives another chance.
    for n in range(20):
        query(connection, f"INSERT INTO {table} VALUES (5, {n})")
        query(connection, f"SELECT max(more) FROM {table}")
        if stats(connection, table)["misses"]:
            break
    assert stats(connection, table)["misses"] > 0


def test_pinning_again_changes_nothing_but_the_copy(connection: dbapi.Connection, table: str) -> None:
    first = pin(connection, table)
    before = stats(connection, table)
    assert pin(connection, table.upper()) == first
    assert stats(connection, table)["pinned_at"] == before["pinned_at"]
    query(connection, f"INSERT INTO {table} VALUES (7)")
    wait_ready(connection, table)
    assert stats(connection, table)["row_count"] == 1001


def test_what_is_evicted_is_read_from_the_lake(connection: dbapi.Connection, table: str) -> None:
    pin(connection, table)
    assert from_memory(connection, table, f"SELECT sum(id) FROM {table}")[1]
    freed = query(connection, f"CALL cache_evict(dataset := '{table}')").to_pylist()[0]
    assert freed["dataset"] == table
    assert freed["bytes"] > 0
    assert stats(connection, table) == {}
    assert query(connection, f"SELECT sum(id)::BIGINT AS s FROM {table}").to_pylist() == [{"s": 499500}]
    assert code(connection, f"CALL cache_evict(dataset := '{table}')") == "not_found"


def test_a_dropped_dataset_stays_pinned_by_name_until_it_is_evicted(connection: dbapi.Connection, table: str) -> None:
    pin(connection, table)
    query(connection, f"DROP TABLE {table}")
    assert code(connection, f"SELECT count(*) FROM {table}") == "sql_error"
    assert stats(connection, table)["state"] in ("behind", "failed")
    evict(connection, table)
    assert stats(connection, table) == {}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("cache_pin(dataset := 'no such dataset')", "not_found"),
        ("cache_pin(dataset := 'catalog.job_events')", "permission_denied"),
        ("cache_pin(dataset := 'vectors.some')", "permission_denied"),
        ("cache_pin(dataset := '')", "invalid_argument"),
        ("cache_pin()", "invalid_argument"),
        ("cache_pin(dataset := 'pinning_view')", "invalid_argument"),
        ("cache_pin(dataset := 'pinning_rowid')", "unsupported"),
        ("cache_evict(dataset := 'no such dataset')", "not_found"),
        ("cache_evict(dataset := 7)", "invalid_argument"),
    ],
)
def test_what_can_not_be_pinned_is_refused(connection: dbapi.Connection, call: str, expected: str) -> None:
    query(connection, "CREATE OR REPLACE VIEW pinning_view AS SELECT 1 AS a")
    query(connection, 'CREATE OR REPLACE TABLE pinning_rowid AS SELECT 1 AS "RowId"')
    assert code(connection, f"CALL {call}") == expected
    names = [row["dataset"] for row in query(connection, "SELECT dataset FROM catalog.cache").to_pylist()]
    assert not {"pinning_view", "pinning_rowid"}.intersection(names)


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM memory.__cache.pin_0",
        "SELECT * FROM __cache.copy_0",
        'SELECT * FROM memory."__CACHE".copy_0',
        "DELETE FROM memory.__cache.copy_0",
        "INSERT INTO memory.__cache.copy_0 VALUES (1, 2)",
        "CREATE TABLE memory.__cache.mine (a INTEGER)",
        "DROP TABLE memory.__cache.copy_0",
        "CREATE SCHEMA __cache",
        "CREATE VIEW v AS SELECT * FROM memory.__cache.pin_0",
        "COPY memory.__cache.copy_0 TO '/tmp/x.csv'",
    ],
)
def test_copies_are_closed_to_statements(connection: dbapi.Connection, table: str, attempt: str) -> None:
    pin(connection, table)
    assert code(connection, attempt) == "permission_denied"


def test_pins_outlive_a_restart(tmp_path: Path) -> None:
    for start in range(2):
        with Server(tmp_path / "data") as server:
            connection = server.connect()
            if start == 0:
                query(connection, "CREATE TABLE kept AS SELECT range AS n FROM range(10)")
                query(connection, "CREATE TABLE gone AS SELECT 1 AS n")
                for dataset in ("kept", "gone"):
                    pin(connection, dataset)
                evict(connection, "gone")
                query(connection, "INSERT INTO kept VALUES (10)")
                server.kill()
                continue
            assert query(connection, "SELECT count(*) AS c FROM kept").to_pylist() == [{"c": 11}]
            wait_ready(connection, "kept")
            found, hit = from_memory(connection, "kept", "SELECT sum(n)::BIGINT AS s FROM kept")
            assert hit
            assert found.to_pylist() == [{"s": 55}]
            assert stats(connection, "gone") == {}


def test_what_was_used_least_recently_gives_way(tmp_path: Path) -> None:
    """Each table takes about 7 MiB, 24 MiB are there."""
    with Server(tmp_path / "data", f"--cache-bytes-max={24 * MIB}") as server:
        connection = server.connect()
        names = ["one", "two", "three", "four"]
        for name in names:
            query(connection, f"CREATE TABLE {name} AS SELECT range AS n, range AS m FROM range(200_000)")
        for name in names[:3]:
            assert pin(connection, name)["evicted"] == []
        assert from_memory(connection, "one", "SELECT max(n) FROM one")[1]
        assert pin(connection, "four")["evicted"] == ["two"]
        assert stats(connection, "two") == {}
        events = "SELECT change, reason, actor FROM catalog.cache_events WHERE dataset = 'two' ORDER BY changed_at"
        assert query(connection, events).to_pylist() == [
            {"change": "pinned", "reason": None, "actor": "admin"},
            {"change": "evicted", "reason": "cache_bytes_max", "actor": "lakehouse"},
        ]
        total = query(connection, "SELECT sum(bytes)::BIGINT AS b FROM catalog.cache").to_pylist()[0]["b"]
        assert total <= 24 * MIB

        query(connection, "CREATE TABLE large AS SELECT range AS n, 'text ' || range AS t FROM range(1_000_000)")
        assert code(connection, "CALL cache_pin(dataset := 'large')") == "limit_exceeded"
        assert {row["dataset"] for row in query(connection, "FROM catalog.cache").to_pylist()} == {
            "one",
            "three",
            "four",
        }

        # One that grows too large for itself goes, and the others stay.
        query(connection, "INSERT INTO one SELECT range, range FROM range(900_000)")
        assert query(connection, "SELECT count(*) AS c FROM one").to_pylist() == [{"c": 1_100_000}]
        wait_until(lambda: stats(connection, "one") == {}, "what has grown too large is still pinned")
        wait_ready(connection, "three", "four")
