"""Nothing is undocumented: settings, operations and SQL functions are listed with what a person needs to know."""

import base64
from collections.abc import Iterator

import pyarrow.flight as fl
import pytest
from adbc_driver_manager import dbapi

from server.config import Settings, environment_name
from server.operations.registry import Arguments
from tests.door.bare import Bare
from tests.harness import Server, query
from udfs.binding import SqlFunction
from udfs.register import FUNCTIONS


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


@pytest.fixture(scope="module")
def reference(connection: dbapi.Connection) -> None:
    """The index that the examples search, built once for the server's life."""
    if query(connection, "SELECT * FROM catalog.vector_indexes WHERE index_name = 'python_reference'").num_rows:
        return
    query(connection, "CALL load_sample(name := 'python_reference')")
    query(
        connection,
        "CALL create_index(name := 'python_reference', dataset := 'python_reference', key_column := 'topic', "
        "text_columns := ['body'], wait := true)",
    )


def test_every_setting_is_listed_with_its_meaning(connection: dbapi.Connection) -> None:
    listed = {row["name"]: row for row in query(connection, "SELECT * FROM catalog.settings").to_pylist()}
    assert list(listed) == list(Settings.model_fields)
    for name, row in listed.items():
        assert row["description"], name
        assert row["environment"] == environment_name(name)
        assert row["value"] is not None


def test_a_setting_tells_where_its_value_came_from(connection: dbapi.Connection) -> None:
    rows = query(
        connection, "SELECT name, source FROM catalog.settings WHERE name IN ('data', 'rag_k_max')"
    ).to_pylist()
    sources = {row["name"]: row["source"] for row in rows}
    assert sources["rag_k_max"] == "default"
    assert sources["data"] not in ("default", None)


def test_secrets_are_not_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = {"LAKEHOUSE_S3_ACCESS_KEY": "an access key", "LAKEHOUSE_S3_SECRET_KEY": "a secret key"}
    with Server(tmp_path_factory.mktemp("secret") / "data", environment=secret) as server:
        text = str(server.rows("SELECT * FROM catalog.settings"))
        assert "an access key" not in text
        assert "a secret key" not in text
        assert "a secret key" not in server.log.read_text()


def test_every_operation_is_listed_alike_by_sql_and_by_list_actions(
    connection: dbapi.Connection, server: Server
) -> None:
    rows = query(connection, "SELECT * FROM catalog.actions").to_pylist()
    with Bare(server) as bare:
        actions: dict[str, fl.ActionType] = {a.type: a for a in bare.client.list_actions(bare.options)}
    assert {"health", "ingest_file", "set_metadata", "create_index"} <= {row["name"] for row in rows}
    for row in rows:
        assert row["description"]
        assert row["permission"]
        assert row["signature"].startswith(row["name"] + "(")
        assert row["signature"] in actions[row["name"]].description


@pytest.mark.parametrize("model", Arguments.__subclasses__(), ids=lambda model: model.__name__)
def test_every_argument_of_every_operation_is_described(model: type[Arguments]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name


def test_every_function_of_ours_is_listed(connection: dbapi.Connection) -> None:
    listed = {row["name"] for row in query(connection, "SELECT name FROM catalog.functions").to_pylist()}
    text = "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE database_name = 'memory'"
    made = {row["name"] for row in query(connection, text).to_pylist()}
    assert {name for name in made if not name.startswith("__")} <= listed
    assert {"vector_search", "rag", "embed", "chunk_text"} <= listed


@pytest.mark.usefixtures("reference")
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_the_example_of_every_function_runs(connection: dbapi.Connection, function: SqlFunction) -> None:
    listed = {row["name"]: row for row in query(connection, "SELECT * FROM catalog.functions").to_pylist()}
    row = listed[function.name]
    assert row["description"]
    assert row["signature"].startswith(function.name)
    assert row["kind"] in ("scalar", "table")
    assert query(connection, row["example"]).num_rows > 0


def test_every_view_and_table_of_the_control_schema_can_be_read(connection: dbapi.Connection) -> None:
    objects = connection.adbc_get_objects(depth="tables", db_schema_filter="catalog").read_all().to_pylist()
    tables = [table["table_name"] for table in objects[0]["catalog_db_schemas"][0]["db_schema_tables"]]
    assert len(tables) > 12
    for table in tables:
        query(connection, f'SELECT * FROM catalog."{table}" LIMIT 3')


def test_an_operation_takes_bytes_by_do_action(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "DROP TABLE IF EXISTS sent")
    with server.operations() as operations:
        content = base64.b64encode(b"a,b\n1,x\n").decode()
        operations.call("ingest_file", dataset="sent", file_name="sent.csv", content=content)
    assert query(connection, "FROM sent").to_pylist() == [{"a": 1, "b": "x"}]
