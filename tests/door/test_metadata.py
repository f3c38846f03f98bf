"""What a client finds by asking for metadata: catalogs, schemas, tables, columns, kinds, facts of the server."""

from collections.abc import Iterator
from typing import Any, Literal

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

Depth = Literal["all", "catalogs", "db_schemas", "tables", "columns"]
TABLES = ["m_plain", "mXplain", "m%percent", "m'quote", 'm"double', "m\\slash", "mÜmlaut"]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    """One connection for the module, with tables of odd names in a schema of their own."""
    with server.connect() as opened:
        _make_tables(opened)
        yield opened


def _make_tables(connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA IF NOT EXISTS meta_data")
    for name in TABLES:
        quoted = name.replace('"', '""')
        query(connection, f'CREATE TABLE IF NOT EXISTS meta_data."{quoted}" (id BIGINT NOT NULL, "{quoted}" VARCHAR)')
    query(
        connection,
        "CREATE TABLE IF NOT EXISTS meta_data.typed (d DECIMAL(9,2), t TIMESTAMPTZ, l FLOAT[])",
    )
    query(connection, "CREATE OR REPLACE VIEW meta_data.seen AS SELECT id, 1.5 AS x FROM meta_data.m_plain")


def objects(connection: dbapi.Connection, depth: Depth = "all", **filters: Any) -> dict[str, dict[str, Any]]:
    """Schema → table → the table's entry; of catalog lakehouse."""
    found = connection.adbc_get_objects(depth=depth, **filters).read_all().to_pylist()
    assert [entry["catalog_name"] for entry in found] == ["lakehouse"]
    return {
        schema["db_schema_name"]: {table["table_name"]: table for table in schema["db_schema_tables"] or []}
        for schema in found[0]["catalog_db_schemas"] or []
    }


def test_the_one_catalog_is_listed(connection: dbapi.Connection) -> None:
    assert objects(connection, "catalogs") == {}


def test_schemas_are_listed_but_for_the_closed_ones(connection: dbapi.Connection) -> None:
    names = set(objects(connection, "db_schemas"))
    assert {"main", "catalog", "meta_data"} <= names
    assert names.isdisjoint({"vectors", "deleted"})
    assert not any("ducklake" in name for name in names)


def test_tables_are_listed_without_columns_when_those_are_not_asked_for(connection: dbapi.Connection) -> None:
    found = objects(connection, "tables", db_schema_filter="meta_data")
    assert set(found["meta_data"]) == {*TABLES, "typed", "seen"}
    assert found["meta_data"]["typed"]["table_type"] == "TABLE"
    assert found["meta_data"]["seen"]["table_type"] == "VIEW"


@pytest.mark.parametrize("depth", ["columns", "all"])
def test_columns_are_listed_with_names_types_and_nullability(connection: dbapi.Connection, depth: Depth) -> None:
    found = objects(connection, depth, db_schema_filter="meta_data")["meta_data"]
    columns = found["typed"]["table_columns"]
    assert [(c["column_name"], c["xdbc_type_name"], c["ordinal_position"]) for c in columns] == [
        ("d", "DECIMAL(9,2)", 1),
        ("t", "TIMESTAMP WITH TIME ZONE", 2),
        ("l", "FLOAT[]", 3),
    ]
    assert [c["column_name"] for c in found["seen"]["table_columns"]] == ["id", "x"]
    schema = connection.adbc_get_table_schema("m_plain", db_schema_filter="meta_data")
    assert [field.nullable for field in schema] == [False, True]


def test_password_hashes_are_not_even_listed(connection: dbapi.Connection) -> None:
    names = set(objects(connection, "tables", db_schema_filter="catalog")["catalog"])
    assert {"datasets", "settings", "query_log"} <= names
    assert "principal_events" not in names


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("m_plain", {"m_plain", "mXplain"}),
        ("m\\_plain", {"m_plain"}),
        ("m\\%%", {"m%percent"}),
        ("%'%", {"m'quote"}),
        ('%"%', {'m"double'}),
        ("%\\\\%", {"m\\slash"}),
        ("M%UMLAUT", set()),
        ("m_MLAUT", {"mÜmlaut"}),
        ("", set()),
        ("%", {*TABLES, "typed", "seen"}),
        ("'; DROP TABLE x; --", set()),
    ],
)
def test_patterns_choose_tables(connection: dbapi.Connection, pattern: str, expected: set[str]) -> None:
    found = objects(connection, "tables", db_schema_filter="meta\\_data", table_name_filter=pattern)
    assert set(found.get("meta_data", {})) == expected


def test_kinds_choose_tables(connection: dbapi.Connection) -> None:
    found = objects(connection, "tables", db_schema_filter="meta_data", table_types_filter=["VIEW"])
    assert set(found["meta_data"]) == {"seen"}


def test_another_catalog_holds_nothing(connection: dbapi.Connection) -> None:
    assert connection.adbc_get_objects(catalog_filter="elsewhere").read_all().num_rows == 0


def test_the_kinds_of_table_are_those_listed(connection: dbapi.Connection) -> None:
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]


# The driver sends the name as a pattern, so that a backslash in it is lost.
@pytest.mark.parametrize("table", [*(set(TABLES) - {"m\\slash"}), "typed", "seen"])
def test_the_schema_of_one_table_is_that_of_its_rows(connection: dbapi.Connection, table: str) -> None:
    schema = connection.adbc_get_table_schema(table, db_schema_filter="meta_data")
    quoted = table.replace('"', '""')
    rows = query(connection, f'FROM meta_data."{quoted}"').schema
    assert [(field.name, field.type) for field in schema] == [(field.name, field.type) for field in rows]


def test_a_table_that_is_not_there_has_no_schema(connection: dbapi.Connection) -> None:
    refusal(lambda: connection.adbc_get_table_schema("missing", db_schema_filter="meta_data"))


def test_the_server_says_what_it_is(connection: dbapi.Connection) -> None:
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Lakehouse"
    assert info["vendor_arrow_version"] == pa.__version__


@pytest.mark.parametrize(
    "command",
    [
        sql.CommandGetSqlInfo(),
        sql.CommandGetXdbcTypeInfo(),
        sql.CommandGetXdbcTypeInfo(data_type=4),
        sql.CommandGetCatalogs(),
        sql.CommandGetDbSchemas(),
        sql.CommandGetTables(),
        sql.CommandGetTables(include_schema=True),
        sql.CommandGetTableTypes(),
        sql.CommandGetPrimaryKeys(table="typed"),
        sql.CommandGetExportedKeys(table="typed"),
        sql.CommandGetImportedKeys(table="typed"),
        sql.CommandGetCrossReference(pk_table="typed", fk_table="typed"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_schema_of_each_metadata_command_is_the_same_in_all_three_places(bare: Bare, command: Any) -> None:
    info = bare.info(command)
    table = bare.get(info.endpoints[0].ticket)
    assert info.schema.equals(table.schema, check_metadata=True)
    assert bare.schema(command).equals(table.schema, check_metadata=True)


def test_a_table_dropped_is_listed_no_more(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE meta_data.gone (a INTEGER)")
    assert "gone" in objects(connection, "tables", db_schema_filter="meta_data")["meta_data"]
    query(connection, "DROP TABLE meta_data.gone")
    assert "gone" not in objects(connection, "tables", db_schema_filter="meta_data")["meta_data"]


def test_a_view_whose_table_is_gone_does_not_spoil_the_listing(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE meta_data.base (a INTEGER)")
    query(connection, "CREATE OR REPLACE VIEW meta_data.broken AS FROM meta_data.base")
    query(connection, "DROP TABLE meta_data.base")
    try:
        found = objects(connection, "all", db_schema_filter="meta_data")["meta_data"]
        assert found["broken"]["table_columns"] in (None, [])
        assert [c["column_name"] for c in found["seen"]["table_columns"]] == ["id", "x"]
    finally:
        query(connection, "DROP VIEW meta_data.broken")


def described(bare: Bare, schema: str, table: str) -> pa.Schema:
    """The schema that GetTables embeds for one table."""
    command = sql.CommandGetTables(
        db_schema_filter_pattern=schema, table_name_filter_pattern=table, include_schema=True
    )
    [row] = bare.get(bare.info(command).endpoints[0].ticket).to_pylist()
    return pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))


def told(schema: pa.Schema, column: str) -> dict[str, str]:
    found = schema.field(column).metadata or {}
    return {key.decode().removeprefix("ARROW:FLIGHT:SQL:"): value.decode() for key, value in found.items()}


@pytest.mark.usefixtures("connection")
def test_every_column_of_a_table_tells_what_jdbc_reads(bare: Bare) -> None:
    bare.update("CREATE OR REPLACE TABLE meta_data.remarked (d DECIMAL(9,2) NOT NULL, l STRUCT(a INTEGER)[])")
    bare.update("COMMENT ON COLUMN meta_data.remarked.d IS 'in euro'")
    schema = described(bare, "meta\\_data", "remarked")
    assert told(schema, "d") == {
        "CATALOG_NAME": "lakehouse",
        "DB_SCHEMA_NAME": "meta_data",
        "TABLE_NAME": "remarked",
        "TYPE_NAME": "DECIMAL(9,2)",
        "PRECISION": "9",
        "SCALE": "2",
        "IS_AUTO_INCREMENT": "0",
        "IS_CASE_SENSITIVE": "0",
        "IS_READ_ONLY": "0",
        "IS_SEARCHABLE": "1",
        "REMARKS": "in euro",
    }
    assert [field.nullable for field in schema] == [False, True]
    assert told(schema, "l")["TYPE_NAME"] == 'STRUCT("a" INTEGER)[]'
    assert "REMARKS" not in told(schema, "l")
    bare.update("DROP TABLE meta_data.remarked")


@pytest.mark.usefixtures("connection")
def test_columns_of_views_and_control_tables_are_told_as_read_only(bare: Bare) -> None:
    view = told(described(bare, "meta\\_data", "seen"), "x")
    assert (view["TYPE_NAME"], view["PRECISION"], view["IS_READ_ONLY"]) == ("DECIMAL(2,1)", "2", "1")
    control = told(described(bare, "catalog", "ingests"), "dataset")
    assert (control["IS_READ_ONLY"], control["REMARKS"]) == ("1", "Dataset it went into.")


HOSTILE = ["%a" * 50_000 + "b", "_" * 100_000, "\\" * 100_001, "%" * 100_000 + "x", "a\x00b", "\x00", "'\"; --", "\\"]


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.usefixtures("connection")
def test_hostile_patterns_find_nothing_and_end(bare: Bare, pattern: str) -> None:
    for command in (
        sql.CommandGetTables(table_name_filter_pattern=pattern),
        sql.CommandGetTables(db_schema_filter_pattern=pattern, include_schema=True),
        sql.CommandGetDbSchemas(db_schema_filter_pattern=pattern),
        sql.CommandGetTables(catalog=pattern),
        sql.CommandGetTables(table_types=[pattern]),
        sql.CommandGetPrimaryKeys(table=pattern),
        sql.CommandGetImportedKeys(table="t", db_schema=pattern),
        sql.CommandGetCrossReference(pk_table=pattern, fk_table=pattern),
    ):
        assert bare.get(bare.info(command).endpoints[0].ticket).num_rows == 0


@pytest.mark.parametrize(("code", "names"), [(4, ["INTEGER", "UINTEGER"]), (2**31 - 1, []), (0, [])])
def test_types_are_chosen_by_their_code(bare: Bare, code: int, names: list[str]) -> None:
    ticket = bare.info(sql.CommandGetXdbcTypeInfo(data_type=code)).endpoints[0].ticket
    assert bare.get(ticket)["type_name"].to_pylist() == names


def test_each_type_told_can_be_a_column_and_names_its_own_columns(bare: Bare) -> None:
    names = bare.get(bare.info(sql.CommandGetXdbcTypeInfo()).endpoints[0].ticket)["type_name"].to_pylist()
    columns = ", ".join(f"c{n} {name if name != 'DECIMAL' else 'DECIMAL(38,0)'}" for n, name in enumerate(names))
    bare.update(f"CREATE OR REPLACE TABLE every_type ({columns})")
    schema = described(bare, "main", "every\\_type")
    bare.update("DROP TABLE every_type")
    assert [told(schema, f"c{n}")["TYPE_NAME"].removesuffix("(38,0)") for n in range(len(names))] == names
