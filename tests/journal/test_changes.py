"""What is done to a journalled dataset, by whatever way, is in the journal: once, with its old and new values."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.harness import Server, manual, query
from tests.journal.asking import events, flush, history, journalled


@pytest.fixture
def people(server: Server, connection: dbapi.Connection) -> str:
    query(connection, "CREATE OR REPLACE TABLE jrn_people (id INTEGER, name VARCHAR, age INTEGER)")
    journalled(server, "jrn_people", "id")
    flush(server)
    return "jrn_people"


def row(**cells: str | None) -> str:
    return json.dumps(cells, separators=(",", ":"))


def test_insert_update_and_delete_are_in_the_history_of_their_entity(
    server: Server, connection: dbapi.Connection, people: str
) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (501, 'Ann', 30), (502, 'Bob', NULL)")
    query(connection, "UPDATE jrn_people SET name = 'Anna', age = 31 WHERE id = 501")
    query(connection, "UPDATE jrn_people SET age = 31 WHERE id = 501")
    query(connection, "DELETE FROM jrn_people WHERE id = 501")
    assert history(server, people, 501) == [
        ("insert", None, None, row(id="501", name="Ann", age="30")),
        ("update", "name", "Ann", "Anna"),
        ("update", "age", "30", "31"),
        ("delete", None, row(id="501", name="Anna", age="31"), None),
    ]
    assert history(server, people, 502) == [("insert", None, None, row(id="502", name="Bob", age=None))]


def test_events_tell_who_when_and_in_which_commit(server: Server, connection: dbapi.Connection, people: str) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (511, 'Cid', 1)")
    found = events(server, people)[-1]
    [commit] = server.rows("SELECT * FROM catalog.snapshots WHERE snapshot_id = ?", [found["snapshot_id"]])
    assert (found["actor"], found["source"]) == ("admin", "insert") == (commit["author"], commit["commit_message"])
    assert found["occurred_at"] == commit["committed_at"]
    assert found["has_values"]


def test_cell_history_has_each_value_that_the_cell_had(
    server: Server, connection: dbapi.Connection, people: str
) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (521, 'Dan', 1)")
    query(connection, "UPDATE jrn_people SET age = 2 WHERE id = 521")
    query(connection, "UPDATE jrn_people SET name = 'Dana' WHERE id = 521")
    query(connection, "DELETE FROM jrn_people WHERE id = 521")
    flush(server)
    found = server.rows("SELECT change, old_value, new_value FROM cell_history(?, 521, 'AGE')", [people])
    assert [tuple(cell.values()) for cell in found] == [
        ("insert", None, "1"),
        ("update", "1", "2"),
        ("delete", "2", None),
    ]
    assert server.rows("FROM cell_history('jrn_people', 521, 'no_such_column')") == []


def test_streams_files_and_merges_are_journalled(server: Server, connection: dbapi.Connection, people: str) -> None:
    with connection.cursor() as cursor:
        table = pa.table({"id": pa.array([531], pa.int32()), "name": ["Eve"], "age": pa.array([9], pa.int32())})
        cursor.adbc_ingest(people, table, mode="append")
    (server.data / "import" / "jrn.csv").write_text("id,name,age\n532,Fay,8\n")
    query(connection, f"COPY jrn_people FROM '{server.data}/import/jrn.csv' (HEADER)")
    query(
        connection,
        "MERGE INTO jrn_people p USING (VALUES (531, 'Evi'), (533, 'Gus')) s(id, name) ON p.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name, 0)",
    )
    assert [change[:2] for change in history(server, people, 531)] == [("insert", None), ("update", "name")]
    assert [change[0] for change in history(server, people, 532)] == ["insert"]
    assert [change[0] for change in history(server, people, 533)] == ["insert"]


def test_a_transaction_counts_by_what_it_did_in_all(server: Server, people: str) -> None:
    with manual(server) as connection, connection.cursor() as cursor:
        for text in (
            "INSERT INTO jrn_people VALUES (541, 'Hal', 1), (542, 'Ida', 1)",
            "UPDATE jrn_people SET name = 'Hank' WHERE id = 541",
            "DELETE FROM jrn_people WHERE id = 542",
        ):
            cursor.execute(text)
        connection.commit()
        cursor.execute("INSERT INTO jrn_people VALUES (543, 'Jo', 1)")
        connection.rollback()
    assert history(server, people, 541) == [("insert", None, None, row(id="541", name="Hank", age="1"))]
    assert history(server, people, 542) == history(server, people, 543) == []


def test_a_row_whose_key_changes_leaves_one_entity_and_comes_to_another(
    server: Server, connection: dbapi.Connection, people: str
) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (551, 'Kim', 1)")
    query(connection, "UPDATE jrn_people SET id = 552 WHERE id = 551")
    assert [change[0] for change in history(server, people, 551)] == ["insert", "delete"]
    assert [change[0] for change in history(server, people, 552)] == ["insert"]


def test_a_value_of_a_new_column_is_an_update(server: Server, connection: dbapi.Connection, people: str) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (561, 'Lee', 1)")
    query(connection, "ALTER TABLE jrn_people ADD COLUMN note VARCHAR")
    query(connection, "UPDATE jrn_people SET note = 'tall' WHERE id = 561")
    assert history(server, people, 561)[1:] == [("update", "note", None, "tall")]
    assert events(server, people)[-2]["change"] == "alter"


def test_rows_without_a_key_are_journalled_too(server: Server, connection: dbapi.Connection, people: str) -> None:
    query(connection, "INSERT INTO jrn_people VALUES (NULL, 'Nobody', 1)")
    found = events(server, people)[-1]
    assert (found["change"], found["has_values"]) == ("insert", True)
    assert [c[0] for c in history(server, people, f"row {found['row_id']}")] == ["insert"]
    assert history(server, people, "NULL") == []


def test_a_dataset_without_an_entity_column_has_its_rows_as_entities(
    server: Server, connection: dbapi.Connection
) -> None:
    query(connection, "CREATE OR REPLACE TABLE jrn_plain (a VARCHAR)")
    journalled(server, "jrn_plain")
    query(connection, "INSERT INTO jrn_plain VALUES ('x')")
    query(connection, "UPDATE jrn_plain SET a = 'y'")
    row_id = events(server, "jrn_plain")[-1]["row_id"]
    assert history(server, "jrn_plain", row_id) == []
    assert history(server, "jrn_plain", f"row {row_id}") == [
        ("insert", None, None, '{"a":"x"}'),
        ("update", "a", "x", "y"),
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("DECIMAL(18, 3)", "1.500"),
        ("TIMESTAMPTZ", "2026-01-02 03:04:05+00"),
        ("BLOB", "\\x00\\xFF"),
        ("INTEGER[]", "[1, NULL, 3]"),
        ("STRUCT(a INTEGER, b VARCHAR)", "{'a': 1, 'b': x}"),
        ("VARCHAR", "quotes \" ' and \n a line, a \U0001f600"),
        ("UUID", "0123e567-e89b-12d3-a456-426614174000"),
    ],
)
def test_values_of_every_type_are_kept_as_text(
    server: Server, connection: dbapi.Connection, kind: str, value: str
) -> None:
    query(connection, f"CREATE OR REPLACE TABLE jrn_typed (id INTEGER, v {kind})")
    journalled(server, "jrn_typed", "id")
    flush(server)
    query(connection, f"INSERT INTO jrn_typed SELECT 1, CAST(? AS VARCHAR)::{kind}", [value])
    flush(server)
    found = server.rows("SELECT new_value FROM cell_history('jrn_typed', 1, 'v') ORDER BY sequence DESC LIMIT 1")
    assert found == [{"new_value": value}]


@pytest.mark.parametrize("column", ["snapshot_id", "rowid"])
def test_columns_may_be_called_as_ducklake_calls_its_own(
    server: Server, connection: dbapi.Connection, column: str
) -> None:
    query(connection, f"CREATE OR REPLACE TABLE jrn_named (id INTEGER, {column} VARCHAR)")
    journalled(server, "jrn_named", "id")
    flush(server)
    query(connection, "INSERT INTO jrn_named VALUES (571, 'mine')")
    query(connection, f"UPDATE jrn_named SET {column} = 'yours'")
    flush(server)
    found = server.rows("SELECT new_value FROM cell_history('jrn_named', 571, ?) ORDER BY sequence", [column])
    assert [value["new_value"] for value in found if value["new_value"]] == ["mine", "yours"]


def test_tables_as_a_whole_are_journalled_and_a_new_name_goes_on(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE jrn_first AS SELECT 581 AS id")
    journalled(server, "jrn_first", "id")
    for text in (
        "ALTER TABLE jrn_first RENAME TO jrn_second",
        "INSERT INTO jrn_second VALUES (582)",
        "CREATE OR REPLACE TABLE jrn_second AS SELECT 583 AS id",
        "TRUNCATE jrn_second",
        "DROP TABLE jrn_second",
        "CREATE TABLE jrn_second AS SELECT 584 AS id",
        "DROP TABLE jrn_second",
    ):
        query(connection, text)
    last = events(server, "jrn_first")[-1]
    assert (last["change"], last["detail"]) == ("rename", "to jrn_second")
    changes = [e["change"] for e in events(server, "jrn_second")]
    assert changes == ["rename", "insert", "replace", "insert", "delete", "drop", "create", "insert", "drop"]
    assert [c[0] for c in history(server, "jrn_second", 582)] == ["insert"]


def test_only_what_is_switched_on_is_journalled(server: Server, connection: dbapi.Connection, people: str) -> None:
    query(connection, f"CALL set_journal(dataset := '{people}', enabled := false)")
    query(connection, "INSERT INTO jrn_people VALUES (591, 'Mia', 1)")
    assert [e["change"] for e in events(server, people)][-2:] == ["journal_off", "write"]
    journalled(server, people, "id")
    query(connection, "INSERT INTO jrn_people VALUES (592, 'Ned', 1)")
    assert history(server, people, 591) == []
    assert len(history(server, people, 592)) == 1


def test_no_commit_goes_by_though_the_rows_of_a_dataset_are_not_journalled(
    server: Server, connection: dbapi.Connection
) -> None:
    query(connection, "CREATE OR REPLACE TABLE jrn_coarse AS SELECT 1 AS id")
    query(connection, "UPDATE jrn_coarse SET id = 2")
    query(connection, "DELETE FROM jrn_coarse")
    found = events(server, "jrn_coarse")
    assert [(e["change"], e["detail"]) for e in found] == [
        ("create", None),
        ("write", "rows inserted"),
        ("write", "rows inserted and deleted"),
        ("write", "rows deleted"),
    ]
    assert {(e["actor"], e["has_values"]) for e in found} == {("admin", False)}
    assert found[-1]["snapshot_id"] > found[0]["snapshot_id"]
    assert [e["change"] for e in server.rows("FROM entity_history('jrn_coarse', 2)")] == ["create"]


def test_a_server_may_journal_nothing_but_what_it_is_told_to(data: Path) -> None:
    with Server(data, "--journal-default", "off") as server:
        server.rows("CREATE TABLE silent AS SELECT 1 AS a")
        assert events(server, "silent") == []
        journalled(server, "silent")
        server.rows("INSERT INTO silent VALUES (2)")
        assert [e["change"] for e in events(server, "silent")] == ["insert"]


def test_with_the_setting_every_dataset_is_journalled_and_no_control_table(data: Path) -> None:
    with Server(data, "--journal-default", "rows") as server:
        server.rows("CREATE SCHEMA other")
        server.rows("CREATE TABLE other.t AS SELECT 1 AS a")
        server.rows("CALL tombstone(dataset := 'other.t', key_column := 'a', key_values := [1])")
        assert [e["change"] for e in events(server, "other.t")] == ["create", "insert", "delete"]
        assert server.rows("SELECT DISTINCT dataset FROM catalog.journal WHERE change <> 'begin'") == [
            {"dataset": "other.t"}
        ]


def test_tombstones_name_the_entities_unless_told_otherwise(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE jrn_buried AS SELECT 'k' AS key, 1 AS a")
    query(connection, "CALL tombstone(dataset := 'jrn_buried', key_column := 'key', key_values := ['k'])")
    [told] = server.rows("CALL set_journal(dataset := 'jrn_buried', enabled := true)")
    assert told["entity_column"] == "key"
    with pytest.raises(dbapi.Error) as raised:
        query(connection, "CALL set_journal(dataset := 'jrn_buried', enabled := true, entity_column := 'a')")
    assert lakehouse_error(raised.value).code == "invalid_argument"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("set_journal(dataset := 'not_there', enabled := true)", "not_found"),
        ("set_journal(dataset := 'jrn_people', enabled := true, entity_column := 'nope')", "not_found"),
        ("set_journal(dataset := 'jrn_view', enabled := true)", "invalid_argument"),
        ("set_journal(dataset := 'catalog.ingests', enabled := true)", "permission_denied"),
        ("set_journal(dataset := 'jrn_floats', enabled := true, entity_column := 'f')", "invalid_argument"),
    ],
)
@pytest.mark.usefixtures("people")
def test_what_can_not_be_journalled_is_refused(connection: dbapi.Connection, call: str, code: str) -> None:
    query(connection, "CREATE OR REPLACE VIEW jrn_view AS SELECT 1 AS a")
    query(connection, "CREATE OR REPLACE TABLE jrn_floats AS SELECT 1.5::DOUBLE AS f")
    with pytest.raises(dbapi.Error) as raised:
        query(connection, f"CALL {call}")
    assert lakehouse_error(raised.value).code == code
