"""What we announce for a type is, byte for byte, what DuckDB exports."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Unsupported
from server.sql.arrow_types import arrow_field, arrow_type
from server.sql.type_names import DEPTH_MAX

LABELS_255 = ", ".join(f"'v{n}'" for n in range(255))
LABELS_256 = ", ".join(f"'v{n}'" for n in range(256))

TYPES = [
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    *("FLOAT", "DOUBLE", "DECIMAL(4,1)", "DECIMAL(18,3)", "DECIMAL(38,0)", "BIGNUM"),
    *("VARCHAR", "JSON", "UUID", "BLOB", "BIT", "GEOMETRY", "DATE", "INTERVAL"),
    *("TIME", "TIME_NS", "TIME WITH TIME ZONE"),
    *("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    *("INTEGER[]", "VARCHAR[][]", "FLOAT[3]", "INTEGER[3][]", "DECIMAL(9,2)[][2][]", "GEOMETRY[]"),
    "STRUCT(a INTEGER)",
    'STRUCT(a INTEGER, "b c" VARCHAR[])',
    'STRUCT("select" DOUBLE, "a""b" DATE, "é, (" TIME WITH TIME ZONE)',
    'STRUCT("timestamp" TIMESTAMP WITH TIME ZONE, "with" TIME)',
    "STRUCT(g GEOMETRY, j JSON, n BIGNUM)",
    "MAP(VARCHAR, INTEGER)",
    "MAP(INTEGER, MAP(VARCHAR, TIMESTAMP WITH TIME ZONE))",
    "MAP(VARCHAR, STRUCT(x DECIMAL(4,1), y GEOMETRY)[])",
    "ENUM('a', 'b')",
    "ENUM('x''y', 'z(,', '\"')[]",
    f"ENUM({LABELS_255})",
    f"ENUM({LABELS_256})",
    'UNION(a INTEGER, "b c" VARCHAR)',
    "UNION(s STRUCT(x INTEGER[]), t TIMESTAMP WITH TIME ZONE)[]",
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def exported(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Schema:
    schema: pa.Schema = connection.execute(query).to_arrow_reader().schema
    return schema


@pytest.mark.parametrize("time_zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("duckdb_type", TYPES, ids=lambda name: name[:60])
def test_type_is_what_duckdb_exports(connection: duckdb.DuckDBPyConnection, duckdb_type: str, time_zone: str) -> None:
    connection.execute(f"SET TimeZone = '{time_zone}'")
    schema = exported(connection, f"SELECT NULL::{duckdb_type} AS c")
    described = connection.execute(f"DESCRIBE SELECT NULL::{duckdb_type} AS c").fetchall()[0][1]
    assert described == duckdb_type
    # equals() overlooks the names of list items and all metadata; the serialised form does not.
    ours = pa.schema([arrow_field("c", described, time_zone)])
    assert ours.serialize().equals(schema.serialize())
    assert arrow_type(described, time_zone) == schema.field("c").type


def test_row_without_names_is_what_duckdb_exports(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    query = "SELECT row(now(), 1::DOUBLE, row(1), [1], '01:00'::TIMETZ, 1::DECIMAL(5,2)) AS c"
    described = connection.execute(f"DESCRIBE {query}").fetchall()[0][1]
    assert described.startswith("STRUCT(TIMESTAMP WITH TIME ZONE, ")
    assert pa.schema([arrow_field("c", described)]).serialize().equals(exported(connection, query).serialize())


def test_untyped_null_leaves_duckdb_as_integer(connection: duckdb.DuckDBPyConnection) -> None:
    assert exported(connection, "SELECT NULL AS c").field("c").type == arrow_type('"NULL"')


def test_geometry_with_a_coordinate_system_is_binary_too(connection: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT NULL::GEOMETRY('OGC:CRS84') AS c"
    described = connection.execute(f"DESCRIBE {query}").fetchall()[0][1]
    assert arrow_type(described) == exported(connection, query).field("c").type


@pytest.mark.parametrize("duckdb_type", ["VARIANT", "TYPE"])
def test_type_without_arrow_form_is_unsupported_in_duckdb_too(
    connection: duckdb.DuckDBPyConnection, duckdb_type: str
) -> None:
    with pytest.raises(Unsupported, match=duckdb_type):
        arrow_type(duckdb_type)
    with pytest.raises(OSError, match=f"Unsupported Arrow type {duckdb_type}"):
        exported(connection, f"SELECT NULL::{duckdb_type} AS c")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "INTEGER ", "INTEGER]", "INTEGER[", "STRUCT", "STRUCT()", "STRUCT(a INTEGER", "MAP(INTEGER)"),
        *("ENUM", "ENUM('a", "DECIMAL", "DECIMAL(1)", 'STRUCT("a INTEGER)', "FLOAT[x]", "DECIMAL(99,0)", "NO_SUCH"),
        *("LIST", "UNION(a INTEGER,)", "INTEGER\x00", "'INTEGER'", "INTEGER(3)", "FLOAT[3.5]", "²"),
    ],
)
def test_name_that_duckdb_never_prints_is_unsupported(text: str) -> None:
    with pytest.raises(Unsupported):
        arrow_type(text)


@pytest.mark.parametrize("deep", ["INTEGER" + "[]" * 5000, "STRUCT(a " * 5000, "STRUCT(a " * 40 + "DATE" + "[])" * 40])
def test_type_nested_beyond_the_limit_is_unsupported(deep: str) -> None:
    with pytest.raises(Unsupported, match=str(DEPTH_MAX)):
        arrow_type(deep)


def test_type_at_the_limit_can_be_read_from_ipc() -> None:
    deepest = pa.schema([arrow_field("c", "INTEGER" + "[]" * (DEPTH_MAX - 1))])
    assert pa.ipc.read_schema(pa.ipc.read_message(deepest.serialize())) == deepest


fragments = st.lists(
    st.sampled_from([*"()[],'\" 3²", "INTEGER", "STRUCT", "a", "MAP", "DECIMAL", "ENUM", "TIME", "WITH TIME ZONE"])
)


@given(fragments.map("".join) | st.text(max_size=30))
def test_no_text_fails_in_another_way(text: str) -> None:
    try:
        assert isinstance(arrow_type(text), pa.DataType)
    except Unsupported:
        return
