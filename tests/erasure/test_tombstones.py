"""Rows that are taken away are gone for every reader at once, recorded, and come back until they are erased."""

from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from tests.erasure.people import NAMES, call, emails, mail, make_people, refused, tombstone
from tests.harness import Server, manual, query
from tests.search.notes import documents, indexed_animals


def test_rows_vanish_from_table_view_and_prepared_statement(server: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "vanish")
    query(connection, "CREATE VIEW vanish_notes AS SELECT email, note FROM vanish")
    with server.connect() as other, other.cursor() as cursor:
        text = "SELECT count(*) AS n FROM vanish WHERE email = ?"
        assert cursor.execute(text, (mail("ben"),)).fetch_arrow_table().to_pylist() == [{"n": 2}]
        row = tombstone(connection, "vanish", "ben", reason="request 17", on_behalf_of="the data officer")
        assert (row["dataset"], row["key_count"], row["row_count"]) == ("vanish", 1, 2)
        assert cursor.execute(text, (mail("ben"),)).fetch_arrow_table().to_pylist() == [{"n": 0}]
    assert "ben" not in emails(connection, "vanish")
    assert query(connection, "FROM vanish_notes").num_rows == 8


def test_a_tombstone_says_who_set_it_and_why(connection: dbapi.Connection) -> None:
    make_people(connection, "told_people")
    made = tombstone(connection, "told_people", "ada", reason="request 17", on_behalf_of="the data officer")
    (row,) = query(connection, "FROM catalog.tombstones WHERE dataset = 'told_people'").to_pylist()
    assert row["tombstone_id"] == made["tombstone_id"]
    assert (row["key_column"], row["key_value"], row["row_count"]) == ("email", mail("ada"), 2)
    assert (row["actor"], row["on_behalf_of"], row["reason"]) == ("admin", "the data officer", "request 17")
    assert row["deleted_at"] is not None
    assert row["restored_at"] is row["erased_at"] is row["lifted_at"] is None


def test_rows_and_record_are_one_commit(connection: dbapi.Connection) -> None:
    make_people(connection, "one_commit")
    tombstone(connection, "one_commit", "ada")
    before = query(connection, "SELECT max(snapshot_id) AS n FROM catalog.snapshots")["n"][0].as_py()
    tombstone(connection, "one_commit", "ben", "cem")
    text = "SELECT commit_message, author FROM catalog.snapshots WHERE snapshot_id > ?"
    found = [row for row in query(connection, text, (before,)).to_pylist() if "one_commit" in row["commit_message"]]
    assert found == [{"commit_message": "tombstone in one_commit", "author": "admin"}]


def test_administrators_see_the_rows_until_they_are_erased(connection: dbapi.Connection) -> None:
    make_people(connection, "seen_people")
    tombstone(connection, "seen_people", "dee")
    rows = query(connection, "SELECT email, __deleted FROM __raw__seen_people ORDER BY id").to_pylist()
    assert [row["email"] for row in rows if row["__deleted"]] == [mail("dee")] * 2
    assert len(rows) == len(NAMES) * 2
    assert query(connection, "SELECT 1 FROM catalog.datasets WHERE dataset LIKE '%raw__seen_people'").num_rows == 0


def test_nobody_reads_or_writes_the_deleted_rows_themselves(connection: dbapi.Connection) -> None:
    make_people(connection, "closed")
    tombstone(connection, "closed", "dee")
    for text in (
        "FROM deleted.closed",
        "DELETE FROM deleted.closed",
        "DROP VIEW __raw__closed",
        "CREATE VIEW __raw__other AS SELECT 1",
    ):
        assert refused(connection, text).code == "permission_denied"


def test_untombstone_gives_the_rows_back_as_they_were(connection: dbapi.Connection) -> None:
    make_people(connection, "back")
    before = query(connection, "FROM back ORDER BY id").to_pylist()
    tombstone(connection, "back", "ada", "eva")
    row = call(connection, "untombstone", dataset="back", key_values=[mail("eva"), mail("ada")])
    assert row == {"dataset": "back", "key_count": 2, "row_count": 4}
    assert query(connection, "FROM back ORDER BY id").to_pylist() == before
    assert (
        query(connection, "SELECT restored_at FROM catalog.tombstones WHERE dataset = 'back'")["restored_at"].null_count
        == 0
    )
    assert query(connection, "FROM catalog.suppressions WHERE dataset = 'back'").num_rows == 0
    with pytest.raises(dbapi.Error, match="none of these keys has a tombstone"):
        call(connection, "untombstone", dataset="back", key_values=[mail("ada")])


def test_rows_come_back_into_a_table_that_has_changed(connection: dbapi.Connection) -> None:
    make_people(connection, "grown")
    tombstone(connection, "grown", "ada")
    query(connection, "ALTER TABLE grown ADD COLUMN phone VARCHAR")
    query(connection, "UPDATE grown SET phone = '1' WHERE email = 'ben@example.org'")
    tombstone(connection, "grown", "ben")
    query(connection, "ALTER TABLE grown DROP COLUMN note")
    call(connection, "untombstone", dataset="grown", key_values=[mail("ada"), mail("ben")])
    rows = query(connection, "SELECT email, phone FROM grown WHERE id < 2 ORDER BY id").to_pylist()
    assert rows == [{"email": mail("ada"), "phone": None}, {"email": mail("ben"), "phone": "1"}]


def test_a_key_without_rows_is_suppressed_once(connection: dbapi.Connection) -> None:
    make_people(connection, "absent")
    assert tombstone(connection, "absent", "nobody")["key_count"] == 1
    assert tombstone(connection, "absent", "nobody") | {"tombstone_id": ""} == {
        "tombstone_id": "",
        "dataset": "absent",
        "key_count": 0,
        "row_count": 0,
    }


@pytest.mark.parametrize(
    ("name", "kind", "keys"),
    [
        ("typed_integer", "INTEGER", [3, 4]),
        ("typed_unsigned", "UBIGINT", [3]),
        ("typed_uuid", "UUID", ["00000000-0000-0000-0000-00000000000a"]),
        ("typed_uuid_in_capitals", "UUID", ["00000000-0000-0000-0000-00000000000B"]),
        ("typed_date", "DATE", ["2020-02-03"]),
    ],
)
def test_keys_of_every_type_that_names_somebody(
    connection: dbapi.Connection, name: str, kind: str, keys: list[object]
) -> None:
    listed = ", ".join(f"('{key}'::{kind}, 'x')" for key in keys)
    query(connection, f"CREATE TABLE {name} AS FROM (VALUES {listed}) v(k, note)")
    assert call(connection, "tombstone", dataset=name, key_column="k", key_values=keys)["row_count"] == len(keys)
    assert query(connection, f"FROM {name}").num_rows == 0


def test_a_search_does_not_find_what_is_taken_away(connection: dbapi.Connection) -> None:
    indexed_animals(connection, "hidden_animals")
    assert documents(connection, "hidden_animals", "kitten napping", 5)[0] == "1"
    call(connection, "tombstone", dataset="hidden_animals", key_column="id", key_values=[1])
    found = documents(connection, "hidden_animals", "kitten napping", 5)
    assert sorted(found) == ["2", "3", "4", "5"]
    answer = query(connection, "SELECT citations FROM rag('hidden_animals', 'Where does the cat sleep?')").to_pylist()
    assert "1" not in {citation["doc_id"] for citation in answer[0]["citations"] or []}
    call(connection, "untombstone", dataset="hidden_animals", key_values=[1])
    assert documents(connection, "hidden_animals", "kitten napping", 5)[0] == "1"


def test_a_document_that_a_view_makes_of_several_rows_is_not_found_by_what_one_of_them_said(
    connection: dbapi.Connection,
) -> None:
    query(connection, "CREATE TABLE teams (team INTEGER, person VARCHAR, body VARCHAR)")
    rows = "(1, 'ada', 'Cats sleep all day.'), (1, 'ben', 'Dogs bark at night.'), (2, 'cem', 'Fish swim.')"
    query(connection, f"INSERT INTO teams VALUES {rows}")
    text = "SELECT team AS doc, string_agg(body, ' ' ORDER BY person) AS body FROM teams GROUP BY team"
    query(connection, f"CREATE VIEW teams_v AS {text}")
    arguments = {"name": "teams_v", "dataset": "teams_v", "key_column": "doc", "text_columns": ["body"], "wait": True}
    call(connection, "create_index", **arguments)
    call(connection, "tombstone", dataset="teams", key_column="person", key_values=["ada"])
    assert documents(connection, "teams_v", "cats", 5) == ["2"]
    call(connection, "refresh_index", name="teams_v", wait=True)
    assert sorted(documents(connection, "teams_v", "dogs", 5)) == ["1", "2"]


def test_a_search_in_an_index_over_a_view_does_not_find_it_either(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE viewed (id INTEGER, person VARCHAR, body VARCHAR)")
    query(
        connection, "INSERT INTO viewed VALUES (1, 'ada', 'cats asleep'), (2, 'ben', 'dogs awake'), (3, 'cem', 'fish')"
    )
    query(connection, "CREATE VIEW viewed_v AS SELECT id AS doc, body FROM viewed")
    call(
        connection,
        "create_index",
        name="viewed_v",
        dataset="viewed_v",
        key_column="doc",
        text_columns=["body"],
        wait=True,
    )
    call(connection, "tombstone", dataset="viewed", key_column="person", key_values=["ada"])
    assert sorted(documents(connection, "viewed_v", "cats", 5)) == ["2", "3"]


def test_many_keys_in_one_call(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE many AS SELECT i AS id, 'x' AS note FROM range(60000) t(i)")
    row = call(connection, "tombstone", dataset="many", key_column="id", key_values=list(range(0, 60000, 2)))
    assert (row["key_count"], row["row_count"]) == (30_000, 30_000)
    assert query(connection, "SELECT count(*) AS n, bool_and(id % 2 = 1) AS odd FROM many").to_pylist() == [
        {"n": 30_000, "odd": True}
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"dataset": "no_such_dataset"}, "not_found", "there is no dataset"),
        ({"key_column": "nope"}, "not_found", "has no column 'nope': it has id, email, note"),
        ({"dataset": "wrong_v"}, "invalid_argument", "is a view: tombstone the rows of the tables it reads"),
        ({"dataset": "catalog.tombstone_events"}, "permission_denied", "schema catalog"),
        ({"key_values": [5]}, "invalid_argument", "5 is no VARCHAR, the type of email"),
        ({"key_values": ["a", None]}, "invalid_argument", "a key is NULL"),
        ({"key_values": []}, "invalid_argument", "key_values"),
        ({"key_column": "id", "key_values": ["x"]}, "invalid_argument", "'x' is no BIGINT, the type of id"),
        ({"key_column": "id", "key_values": [2**70]}, "invalid_argument", "is no BIGINT"),
        ({"key_column": "score", "dataset": "wrong_scores"}, "invalid_argument", "score is DOUBLE: a key is text"),
    ],
)
def test_wrong_calls_are_refused(
    server: Server, wrong: str, arguments: dict[str, object], code: str, said: str
) -> None:
    given = {"dataset": wrong, "key_column": "email", "key_values": [mail("ada")]} | arguments
    with server.operations() as operations, pytest.raises(LakehouseError) as error:
        operations.call("tombstone", **given)
    assert (error.value.code, said in error.value.message) == (code, True), error.value.message
    assert server.rows("SELECT 1 FROM catalog.tombstones WHERE dataset LIKE 'wrong%'") == []


@pytest.fixture(scope="module")
def wrong(server: Server) -> str:
    with server.connect() as connection:
        make_people(connection, "wrong")
        query(connection, "CREATE VIEW wrong_v AS FROM wrong")
        query(connection, "CREATE TABLE wrong_scores AS SELECT 1.5::DOUBLE AS score")
    return "wrong"


def test_a_dataset_has_one_key_column(connection: dbapi.Connection) -> None:
    make_people(connection, "one_key")
    tombstone(connection, "one_key", "ada")
    with pytest.raises(dbapi.Error, match="the key column of one_key is email: a dataset has one"):
        call(connection, "tombstone", dataset="one_key", key_column="id", key_values=[1])
    assert (
        call(connection, "tombstone", dataset="one_key", key_column="EMAIL", key_values=[mail("ben")])["row_count"] == 2
    )


def test_a_transaction_that_began_before_reads_on_as_it_was(server: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "reading_on")
    with manual(server) as reader:
        assert query(reader, "FROM reading_on").num_rows == 10
        tombstone(connection, "reading_on", "ada")
        assert query(reader, "FROM reading_on").num_rows == 10
        reader.rollback()
        assert query(reader, "FROM reading_on").num_rows == 8


def test_what_is_taken_away_stays_away_after_a_kill(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        indexed_animals(connection, "animals")
        call(connection, "tombstone", dataset="animals", key_column="id", key_values=[1])
        server.kill()
    with Server(data) as server, server.connect() as connection:
        assert sorted(documents(connection, "animals", "kitten napping", 5)) == ["2", "3", "4", "5"]
        query(connection, "INSERT INTO animals VALUES (1, 'again')")
        assert query(connection, "FROM animals").num_rows == 4
        call(connection, "untombstone", dataset="animals", key_values=[1])
        assert documents(connection, "animals", "kitten napping", 5)[0] == "1"
