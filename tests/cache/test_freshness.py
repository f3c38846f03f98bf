"""No reader of a pinned dataset sees less than what was committed before, nor half of a commit."""

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.cache.watching import evict, from_memory, pin, stats, wait_ready
from tests.harness import Server, manual, query


@pytest.fixture
def pinned(connection: dbapi.Connection, request: pytest.FixtureRequest) -> Iterator[str]:
    """A pinned table of the test's own: n from 0 to 9, v = 'a'."""
    name = "fresh_" + "".join(c if c.isalnum() else "_" for c in request.node.name[-40:])
    query(connection, f"CREATE OR REPLACE TABLE {name} AS SELECT range AS n, 'a' AS v FROM range(10)")
    pin(connection, name)
    yield name
    evict(connection, name)


def state(connection: dbapi.Connection, table: str) -> list[tuple[object, ...]]:
    """The rows in order."""
    return [tuple(row.values()) for row in query(connection, f"SELECT * FROM {table} ORDER BY ALL").to_pylist()]


def whole(connection: dbapi.Connection, table: str) -> tuple[pa.Schema, list[dict[str, object]]]:
    found = query(connection, f"SELECT * FROM {table} ORDER BY ALL")
    return found.schema, found.to_pylist()


CHANGES = [
    "INSERT INTO {t} VALUES (10, 'new'), (11, NULL)",
    "UPDATE {t} SET v = 'b' WHERE n IN (3, 4)",
    "UPDATE {t} SET n = n + 1",
    "DELETE FROM {t} WHERE n % 2 = 0",
    "DELETE FROM {t}",
    "TRUNCATE {t}",
    "MERGE INTO {t} USING (VALUES (3), (99)) s(n) ON {t}.n = s.n WHEN MATCHED THEN UPDATE SET v = 'm' "
    "WHEN NOT MATCHED THEN INSERT VALUES (s.n, 'i')",
    "ALTER TABLE {t} ADD COLUMN w INTEGER DEFAULT 7",
    "ALTER TABLE {t} DROP COLUMN v",
    "ALTER TABLE {t} RENAME COLUMN v TO other",
    "ALTER TABLE {t} ALTER COLUMN n SET DATA TYPE HUGEINT",
    "COMMENT ON TABLE {t} IS 'a comment'",
    "CREATE OR REPLACE TABLE {t} AS SELECT 'all new' AS q",
    "CALL tombstone(dataset := '{t}', key_column := 'n', key_values := [3, 5], reason := 'test')",
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_a_change_is_seen_at_once_and_followed(connection: dbapi.Connection, pinned: str, change: str) -> None:
    before = whole(connection, pinned)
    query(connection, change.format(t=pinned))
    at_once = whole(connection, pinned)
    assert at_once != before or change.startswith("COMMENT")
    wait_ready(connection, pinned)
    found, hit = from_memory(connection, pinned, f"SELECT * FROM {pinned} ORDER BY ALL")
    assert hit
    assert (found.schema, found.to_pylist()) == at_once


def test_many_commits_are_followed_together(server: Server, connection: dbapi.Connection, pinned: str) -> None:
    for text in (
        f"INSERT INTO {pinned} VALUES (20, 'x')",
        f"UPDATE {pinned} SET v = 'y' WHERE n = 20",
        f"DELETE FROM {pinned} WHERE n = 20",
        f"UPDATE {pinned} SET v = 'z' WHERE n = 1",
        f"UPDATE {pinned} SET v = 'zz' WHERE n = 1",
        f"INSERT INTO {pinned} SELECT * FROM {pinned} WHERE n < 3",
    ):
        query(connection, text)
    wait_ready(connection, pinned)
    with manual(server) as own:  # a transaction reads the lake
        assert state(connection, pinned) == state(own, pinned)
    assert stats(connection, pinned)["row_count"] == 13


TRANSACTIONS = [
    ("UPDATE {t} SET v = 'b' WHERE n = 3", "UPDATE {t} SET v = v || 'c' WHERE n = 3", "UPDATE {t} SET n = n + 1"),
    ("INSERT INTO {t} VALUES (50, 'x')", "UPDATE {t} SET v = 'y' WHERE n = 50", "DELETE FROM {t} WHERE n = 50"),
    ("INSERT INTO {t} VALUES (50, 'x'), (51, 'y')", "DELETE FROM {t} WHERE n IN (3, 50)"),
    ("DELETE FROM {t} WHERE n = 3", "INSERT INTO {t} VALUES (3, 'a')", "DELETE FROM {t} WHERE n = 4"),
    (
        "INSERT INTO {t} VALUES (50, 'x')",
        "ALTER TABLE {t} ADD COLUMN w INTEGER DEFAULT 7",
        "DELETE FROM {t} WHERE n = 1",
    ),
]


@pytest.mark.parametrize("statements", TRANSACTIONS, ids=range(len(TRANSACTIONS)))
def test_a_transaction_that_changes_rows_twice_is_followed(
    server: Server, connection: dbapi.Connection, pinned: str, statements: tuple[str, ...]
) -> None:
    with manual(server) as own:
        for statement in statements:
            query(own, statement.format(t=pinned))
        own.commit()
        expected = state(own, pinned)
        own.rollback()
    assert state(connection, pinned) == expected
    wait_ready(connection, pinned)
    assert from_memory(connection, pinned, f"SELECT count(*) FROM {pinned}")[1]
    assert state(connection, pinned) == expected


def test_a_commit_is_seen_at_once_by_the_session_that_made_it_and_by_others(
    server: Server, connection: dbapi.Connection, pinned: str
) -> None:
    with server.connect() as other:
        for n in range(100, 115):
            query(connection, f"INSERT INTO {pinned} VALUES ({n}, 'new')")
            for reader in (connection, other):
                assert query(reader, f"SELECT max(n) AS n FROM {pinned}").to_pylist() == [{"n": n}]


def test_tombstoned_rows_vanish_at_once_and_come_back(connection: dbapi.Connection, pinned: str) -> None:
    keys = f"dataset := '{pinned}', key_values := [3, 5]"
    for _ in range(3):
        query(connection, f"CALL tombstone({keys}, key_column := 'n', reason := 'test')")
        assert {3, 5}.isdisjoint(row[0] for row in state(connection, pinned))
        wait_ready(connection, pinned)
        assert {3, 5}.isdisjoint(row[0] for row in state(connection, pinned))
        query(connection, f"CALL untombstone({keys})")
        assert len(state(connection, pinned)) == 10
        wait_ready(connection, pinned)
        found, hit = from_memory(connection, pinned, f"SELECT * FROM {pinned} ORDER BY n")
        assert hit
        assert found["n"].to_pylist() == list(range(10))


def test_commits_that_come_while_a_copy_is_made_are_not_missed(server: Server, connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE OR REPLACE TABLE meanwhile AS SELECT range AS n, 'text ' || range AS v FROM range(1_000_000)",
    )
    pinning = threading.Thread(target=lambda: pin(connection, "meanwhile"))
    with server.connect() as writer:
        pinning.start()
        for n in range(10):
            query(writer, f"INSERT INTO meanwhile VALUES ({-n}, 'late')")
            assert query(writer, "SELECT min(n) AS n FROM meanwhile").to_pylist() == [{"n": -n}]
        pinning.join()
        assert query(writer, "SELECT min(n) AS n, count(*) AS c FROM meanwhile").to_pylist() == [
            {"n": -9, "c": 1_000_010}
        ]
        wait_ready(writer, "meanwhile")
        found, hit = from_memory(writer, "meanwhile", "SELECT min(n) AS n, count(*) AS c FROM meanwhile")
        assert hit
        assert found.to_pylist() == [{"n": -9, "c": 1_000_010}]
    evict(connection, "meanwhile")


def test_a_transaction_is_seen_whole_after_its_commit(
    server: Server, connection: dbapi.Connection, pinned: str
) -> None:
    with manual(server) as own:
        query(own, f"DELETE FROM {pinned} WHERE n < 5")
        query(own, f"INSERT INTO {pinned} VALUES (50, 'own')")
        assert len(state(connection, pinned)) == 10
        own.commit()
        assert len(state(connection, pinned)) == 6


def test_a_rollback_leaves_the_copy_as_it_is(server: Server, connection: dbapi.Connection, pinned: str) -> None:
    with manual(server) as own:
        query(own, f"DELETE FROM {pinned}")
        own.rollback()
    found, hit = from_memory(connection, pinned, f"SELECT count(*) AS c FROM {pinned}")
    assert hit
    assert found.to_pylist() == [{"c": 10}]


def test_an_older_snapshot_is_read_from_the_lake(connection: dbapi.Connection, pinned: str) -> None:
    newest = query(connection, "SELECT max(snapshot_id) AS id FROM catalog.snapshots").to_pylist()[0]["id"]
    query(connection, f"DELETE FROM {pinned}")
    wait_ready(connection, pinned)
    text = f"SELECT count(*) AS c FROM {pinned} AT (VERSION => {newest})"
    found, hit = from_memory(connection, pinned, text)
    assert not hit
    assert found.to_pylist() == [{"c": 10}]


def test_a_dropped_table_is_gone_and_a_new_one_of_its_name_is_pinned(connection: dbapi.Connection, pinned: str) -> None:
    query(connection, f"DROP TABLE {pinned}")
    with pytest.raises(dbapi.Error, match="does not exist"):
        state(connection, pinned)
    query(connection, f"CREATE TABLE {pinned} AS SELECT 'back' AS v")
    assert state(connection, pinned) == [("back",)]
    wait_ready(connection, pinned)
    assert from_memory(connection, pinned, f"SELECT v FROM {pinned}")[1]


def test_a_name_that_another_table_takes_over_means_that_table(connection: dbapi.Connection, pinned: str) -> None:
    query(connection, f"CREATE OR REPLACE TABLE {pinned}_b AS SELECT 'other' AS v")
    query(connection, f"ALTER TABLE {pinned} RENAME TO {pinned}_a")
    with pytest.raises(dbapi.Error, match="does not exist"):
        state(connection, pinned)
    query(connection, f"ALTER TABLE {pinned}_b RENAME TO {pinned}")
    assert state(connection, pinned) == [("other",)]
    wait_ready(connection, pinned)
    assert state(connection, pinned) == [("other",)]
    query(connection, f"DROP TABLE {pinned}_a")


def test_a_prepared_statement_sees_what_came_after_it(connection: dbapi.Connection, pinned: str) -> None:
    sql = f"SELECT count(*) FROM {pinned} WHERE n >= ?"
    with connection.cursor() as cursor:
        cursor.adbc_prepare(sql)
        for added in range(5):
            cursor.execute(sql, (0,))
            assert cursor.fetchone() == (10 + added,)
            query(connection, f"INSERT INTO {pinned} VALUES ({100 + added}, 'more')")


def test_compaction_changes_nothing_that_is_read(connection: dbapi.Connection, pinned: str) -> None:
    for n in range(3):
        query(connection, f"INSERT INTO {pinned} VALUES ({100 + n}, 'small file')")
    query(connection, f"DELETE FROM {pinned} WHERE n < 4")
    wait_ready(connection, pinned)
    before = state(connection, pinned)
    query(connection, f"CALL compact(dataset := '{pinned}')")
    assert state(connection, pinned) == before
    query(connection, f"UPDATE {pinned} SET v = 'after' WHERE n = 5")
    after = [(5, "after") if row[0] == 5 else row for row in before]
    assert state(connection, pinned) == after
    wait_ready(connection, pinned)
    assert state(connection, pinned) == after


def test_readers_see_every_acknowledged_commit_and_none_by_half(server: Server, connection: dbapi.Connection) -> None:
    """One writer moves a number in two pinned tables at once; readers see both alike, and never an older one than was
    acknowledged before they asked."""
    for table in ("torn_a", "torn_b"):
        query(connection, f"CREATE OR REPLACE TABLE {table} AS SELECT 0 AS n")
        pin(connection, table)
    acknowledged, over, wrong = [0], threading.Event(), list[object]()

    def read(sql: str) -> None:
        with server.connect() as own:
            while not over.is_set():
                least = acknowledged[0]
                [(a, b)] = [tuple(row.values()) for row in query(own, sql).to_pylist()]
                if a != b or a < least:
                    wrong.append((a, b, least))

    texts = ["SELECT (FROM torn_a) AS a, (FROM torn_b) AS b", "SELECT a.n, b.n AS m FROM torn_a a, torn_b b"]
    readers = [threading.Thread(target=read, args=(text,)) for text in texts]
    for reader in readers:
        reader.start()
    with manual(server) as writer:
        for n in range(1, 41):
            query(writer, f"UPDATE torn_a SET n = {n}")
            query(writer, f"UPDATE torn_b SET n = {n}")
            writer.commit()
            acknowledged[0] = n
            if n % 10 == 0:
                wait_ready(connection, "torn_a", "torn_b")
    over.set()
    for reader in readers:
        reader.join()
    assert not wrong
    for table in ("torn_a", "torn_b"):
        assert stats(connection, table)["hits"] > 0
        evict(connection, table)
