"""A comment is one thing, however it is set and wherever it is read."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import Operations
from flight.gen import flight_sql_pb2 as sql
from server.sql.quoting import identifier, literal, qualified
from tests.door.bare import Bare
from tests.harness import Server, query

SCHEMA = "comments of all"
REMARKS = b"ARROW:FLIGHT:SQL:REMARKS"
TEXTS = [
    "plain",
    'it\'s "quoted"; -- and \\ more\n\ttabs',
    "größer, 日本語, 🦆, e\u0301",
    "x" * 10_000,
    "",
    None,
]
NAMES = ["plain", 'odd "name', "with.dot", "Größe 日本", "select", "a'b"]


@pytest.fixture(scope="module")
def places(server: Server) -> Iterator[dbapi.Connection]:
    """A connection, and a table and a view of each name in a schema with spaces."""
    with server.connect() as connection:
        query(connection, f"CREATE SCHEMA {identifier(SCHEMA)}")
        for name in NAMES:
            columns = f"{identifier(name)} INTEGER, nested STRUCT({identifier(name)} INTEGER, b VARCHAR[])"
            query(connection, f"CREATE TABLE {table(name)} ({columns})")
            query(connection, f"CREATE VIEW {view(name)} AS SELECT 1 AS a")
        yield connection
        query(connection, f"DROP SCHEMA {identifier(SCHEMA)} CASCADE")


@pytest.fixture
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as opened:
        yield opened


def table(name: str) -> str:
    return qualified("lakehouse", SCHEMA, name)


def view(name: str) -> str:
    return qualified("lakehouse", SCHEMA, f"view of {name}")


def spoken(text: str | None) -> str:
    return "NULL" if text is None else literal(text)


def one(connection: dbapi.Connection, text: str, *values: str) -> Any:
    """The only value of the only row."""
    [row] = query(connection, text, values).to_pylist()
    [value] = row.values()
    return value


def of_table(connection: dbapi.Connection, name: str) -> list[str | None]:
    """What the catalog and DuckDB say of a table."""
    shown = one(connection, "SELECT description FROM catalog.datasets WHERE dataset = ?", f"{SCHEMA}.{name}")
    listed = "SELECT comment FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
    standard = "SELECT table_comment FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
    return [shown, one(connection, listed, SCHEMA, name), one(connection, standard, SCHEMA, name)]


def of_view(connection: dbapi.Connection, name: str) -> list[str | None]:
    name = f"view of {name}"
    shown = one(connection, "SELECT description FROM catalog.datasets WHERE dataset = ?", f"{SCHEMA}.{name}")
    listed = "SELECT comment FROM duckdb_views() WHERE schema_name = ? AND view_name = ?"
    return [shown, one(connection, listed, SCHEMA, name)]


def of_column(connection: dbapi.Connection, bare: Bare, name: str, column: str) -> list[str | None]:
    """What the catalog, DuckDB and GetTables say of a column."""
    text = "SELECT description FROM catalog.columns WHERE dataset = ? AND column_name = ?"
    shown = one(connection, text, f"{SCHEMA}.{name}", column)
    listed = "SELECT comment FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? AND column_name = ?"
    standard = """SELECT "COLUMN_COMMENT" FROM information_schema.columns
        WHERE table_schema = ? AND table_name = ? AND column_name = ?"""
    return [
        shown,
        one(connection, listed, SCHEMA, name, column),
        one(connection, standard, SCHEMA, name, column),
        remark(bare, name, column),
    ]


def remark(bare: Bare, name: str, column: str) -> str | None:
    command = sql.CommandGetTables(db_schema_filter_pattern=SCHEMA, table_types=["TABLE"], include_schema=True)
    rows = bare.get(bare.info(command).endpoints[0].ticket).to_pylist()
    [row] = [row for row in rows if row["table_name"] == name]
    metadata = pa.ipc.read_schema(pa.py_buffer(row["table_schema"])).field(column).metadata or {}
    return metadata[REMARKS].decode() if REMARKS in metadata else None


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_sees_the_comment_that_sql_sets(places: dbapi.Connection, bare: Bare, name: str) -> None:
    for text in TEXTS:
        query(places, f"COMMENT ON TABLE {table(name)} IS {spoken(text)}")
        query(places, f"COMMENT ON VIEW {view(name)} IS {spoken(text)}")
        query(places, f"COMMENT ON COLUMN {table(name)}.{identifier(name)} IS {spoken(text)}")
        assert of_table(places, name) == [text] * 3
        assert of_view(places, name) == [text] * 2
        assert of_column(places, bare, name, name) == [text] * 4
        assert of_column(places, bare, name, "nested") == [None] * 4


@pytest.mark.parametrize("name", ["plain", "Größe 日本", "select", "a'b"])
def test_set_metadata_sets_the_same_comment(server: Server, places: dbapi.Connection, bare: Bare, name: str) -> None:
    with server.operations() as operations:
        for text in TEXTS:
            for dataset in (name, f"view of {name}"):
                described(operations, dataset, text)
            operations.call("set_metadata", dataset=f"{SCHEMA}.{name}", column_name=name, description=text)
            assert of_table(places, name) == [text] * 3
            assert of_view(places, name) == [text] * 2
            assert of_column(places, bare, name, name) == [text] * 4


def described(operations: Operations, dataset: str, text: str | None) -> None:
    [row] = operations.call("set_metadata", dataset=f"{SCHEMA}.{dataset}", description=text)
    assert (row["key"], row["value"]) == ("description", text)


def test_comments_follow_renames_and_leave_with_what_they_describe(connection: dbapi.Connection) -> None:
    def found(name: str) -> tuple[Any, ...]:
        text = "SELECT column_name, description FROM catalog.columns WHERE dataset = ? ORDER BY ordinal_position"
        columns = [tuple(row.values()) for row in query(connection, text, (name,)).to_pylist()]
        return one(connection, "SELECT description FROM catalog.datasets WHERE dataset = ?", name), columns

    query(connection, "CREATE TABLE remarked_first (a INTEGER, b INTEGER)")
    query(connection, "COMMENT ON TABLE remarked_first IS 'the table'")
    query(connection, "COMMENT ON COLUMN remarked_first.a IS 'the column'")
    query(connection, "ALTER TABLE remarked_first RENAME COLUMN a TO z")
    query(connection, "ALTER TABLE remarked_first RENAME TO remarked_second")
    query(connection, "ALTER TABLE remarked_second ALTER COLUMN z TYPE BIGINT")
    assert found("remarked_second") == ("the table", [("z", "the column"), ("b", None)])
    query(connection, "ALTER TABLE remarked_second DROP COLUMN z")
    query(connection, "ALTER TABLE remarked_second ADD COLUMN z INTEGER")
    assert found("remarked_second") == ("the table", [("b", None), ("z", None)])
    query(connection, "CREATE OR REPLACE TABLE remarked_second (z INTEGER)")
    assert found("remarked_second") == (None, [("z", None)])


def test_a_comment_in_a_transaction_is_seen_once_it_is_committed(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE remarked_late (a INTEGER)")
    text = "SELECT description FROM catalog.datasets WHERE dataset = 'remarked_late'"
    for end, expected in (("ROLLBACK", None), ("COMMIT", "late")):
        query(connection, "BEGIN")
        query(connection, "COMMENT ON TABLE remarked_late IS 'late'")
        query(connection, end)
        assert one(connection, text) == expected


@pytest.mark.parametrize(
    "target",
    ["TABLE nowhere", "VIEW remarked_kinds", "TABLE remarked_kinds_view", "COLUMN remarked_kinds.b",
     "COLUMN remarked_kinds_view.a", "COLUMN remarked_kinds.s.x"],
)  # fmt: skip
def test_a_comment_on_what_is_not_there_is_refused_and_the_server_goes_on(
    connection: dbapi.Connection, target: str
) -> None:
    query(connection, "CREATE TABLE IF NOT EXISTS remarked_kinds (a INTEGER, s STRUCT(x INTEGER))")
    query(connection, "CREATE VIEW IF NOT EXISTS remarked_kinds_view AS SELECT 1 AS a")
    with pytest.raises(dbapi.Error):
        query(connection, f"COMMENT ON {target} IS 'x'")
    assert one(connection, "SELECT 1") == 1
