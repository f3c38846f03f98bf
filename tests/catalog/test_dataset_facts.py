"""What catalog.datasets tells of sensitivity, freshness and shape, and what renames, drops and expiry make of it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations
from tests.harness import Server, query
from tests.retention.inside import expired, retention_of, snapshots, write


@pytest.fixture
def operations(server: Server) -> Iterator[Operations]:
    with server.operations() as opened:
        yield opened


def row_of(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    [row] = query(connection, "FROM catalog.datasets WHERE dataset = ?", (dataset,)).to_pylist()
    return {**row, "metadata": dict(row["metadata"] or [])}


def committed_at(connection: dbapi.Connection) -> datetime:
    [row] = query(connection, "SELECT max(committed_at) AS at FROM catalog.snapshots").to_pylist()
    found: datetime = row["at"]
    return found


def said(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("owner", "tags", "sensitivity", "expected_every_s", "metadata"))


SAID = {"owner": "ann", "tags": ["x"], "sensitivity": "restricted", "expected_every_s": 60, "metadata": {"a": "1"}}
SHOWN = ("ann", ["x"], "restricted", 60.0, {"a": "1"})


def test_columns_that_were_there_keep_their_places(connection: dbapi.Connection) -> None:
    names = query(connection, "FROM catalog.datasets LIMIT 0").column_names
    assert names == [
        *("dataset", "kind", "row_count", "description", "owner", "tags", "metadata"),
        *("file_bytes", "file_count", "created_at"),
        *("sensitivity", "last_changed_at", "changed_by", "expected_every_s", "overdue", "schema_fingerprint"),
    ]


def test_what_is_said_follows_a_table_and_a_view_through_renames(
    connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, "CREATE TABLE facts_first (a INTEGER)")
    query(connection, "CREATE VIEW facts_seen AS SELECT 1 AS a")
    operations.call("set_metadata", dataset="facts_first", **SAID)
    operations.call("set_metadata", dataset="facts_seen", owner="ann", sensitivity="public", description="seen")
    query(connection, "ALTER TABLE facts_first RENAME TO facts_second")
    query(connection, "ALTER TABLE facts_second RENAME TO facts_third")
    query(connection, "ALTER VIEW facts_seen RENAME TO facts_watched")
    assert said(row_of(connection, "facts_third")) == SHOWN
    watched = row_of(connection, "facts_watched")
    assert (watched["owner"], watched["sensitivity"], watched["description"]) == ("ann", "public", "seen")
    query(connection, "CREATE TABLE facts_first (a INTEGER)")
    assert said(row_of(connection, "facts_first")) == (None, None, None, None, {})


def test_tables_that_exchange_their_names_exchange_nothing_else(
    connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, "CREATE TABLE swap_a (a INTEGER)")
    query(connection, "CREATE TABLE swap_b (a INTEGER)")
    operations.call("set_metadata", dataset="swap_a", owner="of a", metadata={"only": "a"})
    operations.call("set_metadata", dataset="swap_b", owner="of b")
    for text in ("swap_a RENAME TO swap_c", "swap_b RENAME TO swap_a", "swap_c RENAME TO swap_b"):
        query(connection, f"ALTER TABLE {text}")
    assert (row_of(connection, "swap_a")["owner"], row_of(connection, "swap_a")["metadata"]) == ("of b", {})
    assert (row_of(connection, "swap_b")["owner"], row_of(connection, "swap_b")["metadata"]) == ("of a", {"only": "a"})
    query(connection, "DROP TABLE swap_b")
    assert row_of(connection, "swap_a")["metadata"] == {}


def test_a_table_that_is_made_anew_keeps_what_its_name_has(
    connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, "CREATE TABLE anew_old (a INTEGER)")
    operations.call("set_metadata", dataset="anew_old", **SAID)
    query(connection, "ALTER TABLE anew_old RENAME TO anew")
    query(connection, "CREATE OR REPLACE TABLE anew AS SELECT 1 AS b")
    assert said(row_of(connection, "anew")) == SHOWN
    operations.call("set_metadata", dataset="anew", sensitivity="internal")
    query(connection, "CREATE OR REPLACE TABLE ANEW AS SELECT 2 AS c")
    assert said(row_of(connection, "ANEW")) == ("ann", ["x"], "internal", 60.0, {"a": "1"})


def test_null_removes_what_is_given_and_leaves_the_rest(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, "CREATE TABLE taken_back (a INTEGER)")
    operations.call("set_metadata", dataset="taken_back", description="d", **SAID)
    query(connection, "CALL set_metadata(dataset := 'taken_back', sensitivity := NULL, expected_every_s := NULL)")
    row = row_of(connection, "taken_back")
    assert (row["sensitivity"], row["expected_every_s"], row["overdue"]) == (None, None, None)
    assert (row["owner"], row["description"], row["metadata"]) == ("ann", "d", {"a": "1"})
    operations.call("set_metadata", dataset="taken_back", description=None, owner=None, tags=None)
    row = row_of(connection, "taken_back")
    assert (row["owner"], row["description"], row["tags"]) == (None, None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sensitivity": "secret"}, "sensitivity: .*'public'"),
        ({"sensitivity": ""}, "sensitivity: "),
        ({"expected_every_s": 0}, "expected_every_s: .*greater than 0"),
        ({"expected_every_s": -1}, "expected_every_s: "),
        ({"expected_every_s": float("nan")}, "expected_every_s: "),
        ({"expected_every_s": 1e12}, "expected_every_s: .*less than or equal"),
        ({"expected_every_s": "often"}, "expected_every_s: "),
        ({"column_name": "a", "sensitivity": "public"}, "a column has a description only"),
        ({"metadata": {"sensitivity": "public"}}, "sensitivity: .* are arguments of their own"),
        ({"metadata": {}}, "nothing to set"),
    ],
)
def test_wrong_facts_are_refused(
    connection: dbapi.Connection, operations: Operations, arguments: dict[str, Any], message: str
) -> None:
    query(connection, "CREATE TABLE IF NOT EXISTS wrong_facts (a INTEGER)")
    with pytest.raises(LakehouseError, match=message) as error:
        operations.call("set_metadata", dataset="wrong_facts", **arguments)
    assert error.value.code == "invalid_argument"
    assert said(row_of(connection, "wrong_facts")) == (None, None, None, None, {})


def test_a_view_has_no_freshness_of_its_own(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, "CREATE VIEW unfresh AS SELECT 1 AS a")
    with pytest.raises(LakehouseError, match="is a view: say of the tables"):
        operations.call("set_metadata", dataset="unfresh", expected_every_s=60)
    row = row_of(connection, "unfresh")
    assert (row["last_changed_at"], row["changed_by"], row["overdue"], row["schema_fingerprint"]) == (None,) * 4


CHANGING = [
    "INSERT INTO fresh VALUES (1), (2), (3), (4)",
    "UPDATE fresh SET a = a + 1",
    "DELETE FROM fresh WHERE a = 2",
    "MERGE INTO fresh USING (VALUES (9)) s(a) ON fresh.a = s.a WHEN NOT MATCHED THEN INSERT",
    "DELETE FROM fresh",
    "INSERT INTO fresh VALUES (5)",
    "TRUNCATE fresh",
    "CREATE OR REPLACE TABLE fresh (a INTEGER)",
]


def test_last_change_is_that_of_the_rows_and_of_nothing_else(
    connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, "CREATE TABLE fresh (a INTEGER)")
    for text in CHANGING:
        before = row_of(connection, "fresh")["last_changed_at"]
        query(connection, text)
        row = row_of(connection, "fresh")
        assert row["last_changed_at"] > before, text
        assert row["changed_by"] == "admin"
    query(connection, "INSERT INTO fresh SELECT range FROM range(10)")
    query(connection, "INSERT INTO fresh SELECT range FROM range(10)")
    query(connection, "DELETE FROM fresh WHERE a = 3")
    before = row_of(connection, "fresh")["last_changed_at"]
    operations.call("compact", dataset="fresh")
    operations.call("set_metadata", dataset="fresh", description="d", owner="ann")
    query(connection, "ALTER TABLE fresh ADD COLUMN b INTEGER")
    query(connection, "ALTER TABLE fresh RENAME TO refreshed")
    query(connection, 'CREATE TABLE "x,inserted_into_table:1,deleted_from_table:2,y" (a INTEGER)')
    assert row_of(connection, "refreshed")["last_changed_at"] == before < committed_at(connection)


def test_names_that_look_like_changes_are_none(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE not_forged (a INTEGER)")
    before = row_of(connection, "not_forged")
    [ids] = query(connection, "FROM catalog.dataset_ids WHERE dataset = 'not_forged'").to_pylist()
    for name in (f"a,inserted_into_table:{ids['object_id']},b", f'a""",inserted_into_table:{ids["object_id"]},"b'):
        quoted = name.replace('"', '""')
        query(connection, f'CREATE TABLE "{quoted}" (a INTEGER)')
        query(connection, f'INSERT INTO "{quoted}" VALUES (1)')
    assert row_of(connection, "not_forged") == before


def test_overdue_datasets_are_told_with_how_much(connection: dbapi.Connection, operations: Operations) -> None:
    for name in ("overdue_now", "overdue_later", "overdue_never"):
        query(connection, f"CREATE TABLE {name} AS SELECT 1 AS a")
    operations.call("set_metadata", dataset="overdue_now", expected_every_s=0.001, owner="ann")
    operations.call("set_metadata", dataset="overdue_later", expected_every_s=86_400)
    found = query(connection, "FROM catalog.overdue WHERE starts_with(dataset, 'overdue_')").to_pylist()
    assert [(row["dataset"], row["owner"], row["changed_by"]) for row in found] == [("overdue_now", "ann", "admin")]
    assert found[0]["overdue_s"] > 0
    assert found[0]["due_at"] > found[0]["last_changed_at"]
    overdue = [row_of(connection, f"overdue_{name}")["overdue"] for name in ("now", "later", "never")]
    assert overdue == [True, False, None]


COLUMNS = '(a INTEGER NOT NULL, "b ""c" STRUCT(x INTEGER, y VARCHAR[]), d DECIMAL(9,2))'
OTHER_COLUMNS = {
    "name": '(z INTEGER NOT NULL, "b ""c" STRUCT(x INTEGER, y VARCHAR[]), d DECIMAL(9,2))',
    "type": '(a BIGINT NOT NULL, "b ""c" STRUCT(x INTEGER, y VARCHAR[]), d DECIMAL(9,2))',
    "nullability": '(a INTEGER, "b ""c" STRUCT(x INTEGER, y VARCHAR[]), d DECIMAL(9,2))',
    "order": '("b ""c" STRUCT(x INTEGER, y VARCHAR[]), a INTEGER NOT NULL, d DECIMAL(9,2))',
    "nested": '(a INTEGER NOT NULL, "b ""c" STRUCT(x INTEGER, y INTEGER[]), d DECIMAL(9,2))',
    "precision": '(a INTEGER NOT NULL, "b ""c" STRUCT(x INTEGER, y VARCHAR[]), d DECIMAL(10,2))',
}


def test_fingerprints_are_equal_for_equal_columns_only(connection: dbapi.Connection) -> None:
    query(connection, f"CREATE TABLE printed {COLUMNS}")
    query(connection, 'CREATE TABLE printed_later (a INTEGER NOT NULL, "b ""c" STRUCT(x INTEGER), gone DATE)')
    query(connection, "ALTER TABLE printed_later ADD COLUMN d DECIMAL(9,2)")
    query(connection, 'ALTER TABLE printed_later ADD COLUMN "b ""c".y VARCHAR[]')
    query(connection, "ALTER TABLE printed_later DROP COLUMN gone")
    own = row_of(connection, "printed")["schema_fingerprint"]
    assert len(own) == 64
    assert row_of(connection, "printed_later")["schema_fingerprint"] == own
    for what, columns in OTHER_COLUMNS.items():
        query(connection, f"CREATE OR REPLACE TABLE printed_other {columns}")
        assert row_of(connection, "printed_other")["schema_fingerprint"] != own, what


def test_another_lake_gives_the_same_fingerprint(connection: dbapi.Connection, data: Path) -> None:
    query(connection, f"CREATE TABLE printed_here {COLUMNS}")
    with Server(data) as other:
        other.rows("CREATE TABLE before (x INTEGER)")
        other.rows(f"CREATE TABLE there {COLUMNS}")
        [row] = other.rows("SELECT schema_fingerprint FROM catalog.datasets WHERE dataset = 'there'")
    assert row["schema_fingerprint"] == row_of(connection, "printed_here")["schema_fingerprint"]


def test_what_expired_snapshots_told_is_kept(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "FROM catalog.datasets ORDER BY dataset"
    with Server(data) as server:
        server.rows("CREATE TABLE written (id INTEGER)")
        server.rows("CREATE TABLE quiet AS SELECT 1 AS a")
        server.rows("CREATE VIEW looked AS SELECT 1 AS a")
        server.rows("CREATE TABLE was_called AS SELECT 1 AS a")
        server.rows("CALL set_metadata(dataset := 'was_called', owner := 'ann', sensitivity := 'restricted')")
        server.rows("ALTER TABLE was_called RENAME TO is_called")
        server.rows("CREATE OR REPLACE TABLE is_called AS SELECT 2 AS a")
        server.rows("TRUNCATE quiet")
        before = server.rows(text)
    with retention_of(data, monkeypatch, snapshots_kept_max=2) as (retention, engine):
        first = snapshots(engine)[0]
        for number in range(5):
            write(engine, number)
        assert expired(retention) > 5
        assert first not in snapshots(engine)
    with Server(data) as server:
        after = {row["dataset"]: row for row in server.rows(text)}
        kept = [row for row in before if row["dataset"] != "written"]
        assert [after[row["dataset"]] for row in kept] == kept
        assert after["is_called"]["owner"] == "ann"
        assert after["is_called"]["sensitivity"] == "restricted"
        assert after["written"]["last_changed_at"] > before[-1]["last_changed_at"]
        assert None not in [row["created_at"] for row in after.values()]
