"""set_metadata, by CALL and by action: what is said shows in the catalog, and errors name what is wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations
from tests.harness import Server, query


@pytest.fixture
def operations(server: Server) -> Iterator[Operations]:
    with server.operations() as opened:
        yield opened


def row_of(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    columns = "description, owner, tags, metadata"
    [row] = query(connection, f"SELECT {columns} FROM catalog.datasets WHERE dataset = ?", (dataset,)).to_pylist()
    return {**row, "metadata": dict(row["metadata"] or [])}


def test_what_a_call_sets_shows_in_the_catalog(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE said (a INTEGER)")
    result = query(
        connection,
        "CALL set_metadata(dataset := 'said', description := 'It''s said', owner := 'ann', tags := ['x', 'y z'], "
        "metadata := {'source': 'crm', 'level': '2'})",
    )
    assert {(row["key"], row["value"]) for row in result.to_pylist()} == {
        ("description", "It's said"),
        ("owner", "ann"),
        ("tags", '["x", "y z"]'),
        ("source", "crm"),
        ("level", "2"),
    }
    assert row_of(connection, "said") == {
        "description": "It's said",
        "owner": "ann",
        "tags": ["x", "y z"],
        "metadata": {"source": "crm", "level": "2"},
    }


def test_action_changes_only_what_it_names(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, "CREATE TABLE kept_said (a INTEGER)")
    operations.call("set_metadata", dataset="kept_said", owner="ann", tags=["x"], metadata={"a": "1", "b": "2"})
    operations.call("set_metadata", dataset="kept_said", description="later", tags=[], metadata={"a": None, "c": "3"})
    assert row_of(connection, "kept_said") == {
        "description": "later",
        "owner": "ann",
        "tags": [],
        "metadata": {"b": "2", "c": "3"},
    }


def test_description_of_a_column_is_its_comment(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, 'CREATE TABLE columned ("odd ""name" INTEGER)')
    operations.call("set_metadata", dataset="columned", column_name='odd "name', description="odd")
    found = query(connection, "SELECT description FROM catalog.columns WHERE dataset = 'columned'").to_pylist()
    assert found == [{"description": "odd"}]
    found = query(connection, "SELECT comment FROM duckdb_columns() WHERE table_name = 'columned'").to_pylist()
    assert found == [{"comment": "odd"}]


def test_other_spelling_of_the_name_means_the_same_dataset(
    connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, "CREATE TABLE Cased (a INTEGER)")
    assert operations.call("set_metadata", dataset="main.CASED", owner="bob")[0]["dataset"] == "Cased"
    assert row_of(connection, "Cased")["owner"] == "bob"


def test_view_is_described_too(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, "CREATE VIEW said_view AS SELECT 1 AS a")
    operations.call("set_metadata", dataset="said_view", description="a view", owner="ann")
    assert (row_of(connection, "said_view")["description"], row_of(connection, "said_view")["owner"]) == (
        "a view",
        "ann",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"dataset": "unsaid"}, "invalid_argument", "nothing to set"),
        (
            {"dataset": "unsaid", "column_name": "a", "owner": "x"},
            "invalid_argument",
            "a column has a description only",
        ),
        ({"dataset": "unsaid", "column_name": "a"}, "invalid_argument", "nothing to set"),
        ({"dataset": "unsaid", "column_name": "nope", "description": "x"}, "not_found", "no column 'nope': it has a"),
        ({"dataset": "unsaid_view", "column_name": "a", "description": "x"}, "invalid_argument", "is a view"),
        ({"dataset": "unsad", "owner": "x"}, "not_found", "did you mean unsaid"),
        ({"dataset": "zzzzzz", "owner": "x"}, "not_found", "see catalog.datasets"),
        ({"dataset": "catalog.jobs", "owner": "x"}, "permission_denied", "written by the server only"),
        ({"dataset": "Catalog.job_events", "owner": "x"}, "permission_denied", "written by the server only"),
        ({"dataset": "unsaid", "metadata": {"owner": "x"}}, "invalid_argument", "arguments of their own"),
        ({"dataset": "unsaid", "description": "x" * 10_001}, "invalid_argument", "description: .*10000"),
        ({"dataset": "unsaid", "tags": "x"}, "invalid_argument", "tags: .*valid list"),
        ({"dataset": "unsaid", "owner": 5}, "invalid_argument", "owner: .*valid string"),
        ({"dataset": "unsaid", "colour": "red"}, "invalid_argument", "colour: there is no such argument"),
        ({"owner": "x"}, "invalid_argument", "dataset: is required"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(
    connection: dbapi.Connection, operations: Operations, arguments: dict[str, Any], code: str, message: str
) -> None:
    query(connection, "CREATE OR REPLACE TABLE unsaid (a INTEGER)")
    query(connection, "CREATE OR REPLACE VIEW unsaid_view AS SELECT 1 AS a")
    before = row_of(connection, "unsaid")
    with pytest.raises(LakehouseError, match=message) as error:
        operations.call("set_metadata", **arguments)
    assert error.value.code == code
    assert row_of(connection, "unsaid") == before


@pytest.mark.parametrize(
    "hidden", ["\0", "\n", "\x1b", "\x85", "\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\ud800"]
)
@pytest.mark.parametrize("argument", ["owner", "tags", "metadata"])
def test_what_nobody_sees_is_refused(
    connection: dbapi.Connection, operations: Operations, argument: str, hidden: str
) -> None:
    query(connection, "CREATE TABLE IF NOT EXISTS hidden_said (a INTEGER)")
    text = f"a{hidden}b"
    value = {"owner": text, "tags": ["x", text], "metadata": {text: "x"}}[argument]
    with pytest.raises(LakehouseError, match=f"set_metadata: {argument}") as error:
        operations.call("set_metadata", dataset="hidden_said", **{argument: value})
    assert error.value.code == "invalid_argument"
    assert row_of(connection, "hidden_said")[argument] in (None, {})


@pytest.mark.parametrize("hidden", ["\0", "\x1b", "\x85", "\ud800"])
@pytest.mark.parametrize("argument", ["description", "metadata"])
def test_texts_have_lines_and_no_control_characters(
    connection: dbapi.Connection, operations: Operations, argument: str, hidden: str
) -> None:
    query(connection, "CREATE OR REPLACE TABLE lines_said (a INTEGER)")
    text = "one\ttab\r\nanother \u2713 line"
    operations.call("set_metadata", dataset="lines_said", description=text, metadata={"note": text})
    wrong = f"a{hidden}b"
    value = wrong if argument == "description" else {"note": wrong}
    with pytest.raises(LakehouseError, match=f"set_metadata: {argument}") as error:
        operations.call("set_metadata", dataset="lines_said", **{argument: value})
    assert error.value.code == "invalid_argument"
    found = row_of(connection, "lines_said")
    assert (found["description"], found["metadata"]["note"]) == (text, text)


def test_call_with_a_wrong_argument_shows_the_usage(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error, match=r"colour: there is no such argument; usage: set_metadata\(dataset, "):
        query(connection, "CALL set_metadata(dataset := 'x', colour := 'red')")


def test_change_is_committed_under_the_callers_name(connection: dbapi.Connection, operations: Operations) -> None:
    query(connection, "CREATE TABLE authored (a INTEGER)")
    operations.call("set_metadata", dataset="authored", owner="ann")
    found = query(connection, "SELECT author FROM catalog.snapshots WHERE commit_message = 'metadata of authored'")
    assert found.to_pylist() == [{"author": "admin"}]
