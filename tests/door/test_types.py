"""Every type: the schema that is promised is the schema that is sent, however it is asked for, and values arrive."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from server.sql.arrow_types import arrow_type
from server.sql.field_metadata import REMARKS, TYPE_NAME
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

LABELS = ", ".join(f"'v{n}'" for n in range(300))

# Type → literal, and what a client reads.
VALUES: dict[str, tuple[str, Any]] = {
    "BOOLEAN": ("true", True),
    "TINYINT": ("-128", -128),
    "UTINYINT": ("255", 255),
    "SMALLINT": ("-32768", -32768),
    "USMALLINT": ("65535", 65535),
    "INTEGER": ("-2147483648", -(2**31)),
    "UINTEGER": ("4294967295", 2**32 - 1),
    "BIGINT": ("-9223372036854775808", -(2**63)),
    "UBIGINT": ("18446744073709551615", 2**64 - 1),
    "HUGEINT": ("-170141183460469231731687303715884105728", Decimal(-(2**127))),
    "UHUGEINT": ("170141183460469231731687303715884105727", Decimal(2**127 - 1)),
    "FLOAT": ("1.5", 1.5),
    "DOUBLE": ("'-infinity'", float("-inf")),
    "DECIMAL(4,1)": ("123.4", Decimal("123.4")),
    "DECIMAL(9,2)": ("1234567.25", Decimal("1234567.25")),
    "DECIMAL(18,3)": ("-123456789012345.125", Decimal("-123456789012345.125")),
    "DECIMAL(38,10)": ("1234567890123456789012345678.0123456789", Decimal("1234567890123456789012345678.0123456789")),
    "DECIMAL(38,0)": ("99999999999999999999999999999999999999", Decimal("9" * 38)),
    "VARCHAR": ("'it''s ✓'", "it's ✓"),
    "BLOB": (r"'\xAB\x00'", b"\xab\x00"),
    "UUID": ("'01234567-89ab-cdef-0123-456789abcdef'", "01234567-89ab-cdef-0123-456789abcdef"),
    "JSON": ("""'{"a": [1, null]}'""", '{"a": [1, null]}'),
    "DATE": ("'2024-02-29'", date(2024, 2, 29)),
    "TIME": ("'12:34:56.789'", time(12, 34, 56, 789000)),
    "TIMETZ": ("'12:34:56+02'", time(12, 34, 56)),
    "TIMESTAMP": ("'2024-02-29 12:34:56.789'", datetime(2024, 2, 29, 12, 34, 56, 789000)),
    "TIMESTAMP_S": ("'2024-02-29 12:34:56'", datetime(2024, 2, 29, 12, 34, 56)),
    "TIMESTAMP_MS": ("'2024-02-29 12:34:56.789'", datetime(2024, 2, 29, 12, 34, 56, 789000)),
    "INTERVAL": ("'1 month 2 days 3 seconds'", pa.scalar((1, 2, 3_000_000_000), pa.month_day_nano_interval()).as_py()),
    "ENUM('a', 'b''c')": ("'b''c'", "b'c"),
    f"ENUM({LABELS})": ("'v299'", "v299"),
    "INTEGER[]": ("[1, NULL, 3]", [1, None, 3]),
    "VARCHAR[][]": ("[['a'], [], NULL]", [["a"], [], None]),
    "FLOAT[3]": ("[1, 2, 3]", [1.0, 2.0, 3.0]),
    "ENUM('a', 'b')[]": ("['a', NULL]", ["a", None]),
    'STRUCT(a INTEGER, "b c" VARCHAR[])': ("{'a': 1, 'b c': ['x']}", {"a": 1, "b c": ["x"]}),
    "STRUCT(s STRUCT(l STRUCT(d BLOB)[]))": ("{'s': {'l': [{'d': 'x'}]}}", {"s": {"l": [{"d": b"x"}]}}),
    "MAP(VARCHAR, INTEGER)": ("MAP {'a': 1}", [("a", 1)]),
    "MAP(VARCHAR, MAP(INTEGER, DECIMAL(9,2)[]))": ("MAP {'a': MAP {1: [1.5]}}", [("a", [(1, [Decimal("1.50")])])]),
    "UNION(n INTEGER, t VARCHAR)": ("union_value(t := 'x')", "x"),
    "GEOMETRY": ("'POINT(1 2)'", bytes.fromhex("0101000000000000000000f03f0000000000000040")),
}  # fmt: skip
# What clients read is DuckDB's own form or beyond Python's times: the schema counts.
SCHEMA_ONLY = {
    "BIT": "'10101'",
    "BIGNUM": "'123456789012345678901234567890123456789012345'",
    "TIMESTAMP_NS": "'2024-02-29 12:34:56.123456789'",
    "TIME_NS": "'12:34:56.123456789'",
    "TIMESTAMPTZ": "'2024-02-29 12:34:56+02'",
    "STRUCT(e ENUM('a', 'b'), u UNION(a TIMESTAMPTZ, b HUGEINT))[]": "[]",
}
TYPES = {name: literal for name, (literal, _) in VALUES.items()} | SCHEMA_ONLY


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


def prepared(bare: Bare, text: str) -> tuple[pa.Schema | None, bytes]:
    """Dataset schema of a new prepared statement, None for an update, and its handle."""
    result = sql.ActionCreatePreparedStatementResult()
    request = sql.ActionCreatePreparedStatementRequest(query=text)
    bare.unpacked(bare.act("CreatePreparedStatement", pack(request))[0]).Unpack(result)
    schema = pa.ipc.read_schema(pa.py_buffer(result.dataset_schema)) if result.dataset_schema else None
    return schema, result.prepared_statement_handle


def named(schema: pa.Schema, position: int = 0) -> str:
    """The DuckDB type that a column tells."""
    return (schema.field(position).metadata or {})[TYPE_NAME].decode()


def agreed(bare: Bare, text: str) -> pa.Table:
    """The rows; by all ways of asking the schema is the same, metadata and names of nested fields included."""
    command = sql.CommandStatementQuery(query=text)
    info = bare.info(command)
    table = bare.get(info.endpoints[0].ticket)
    promised, handle = prepared(bare, text)
    again = sql.CommandPreparedStatementQuery(prepared_statement_handle=handle)
    told = bare.info(again)
    fetched = bare.get(told.endpoints[0].ticket)
    assert promised is not None
    schemas = (info.schema, bare.schema(command), promised, told.schema, bare.schema(again), fetched.schema)
    for schema in schemas:
        assert schema.serialize().equals(table.schema.serialize())
    table.validate()
    assert all(named(table.schema, position) for position in range(table.num_columns))
    return table


@pytest.mark.parametrize("type_name", TYPES, ids=lambda name: name[:60])
def test_the_schema_promised_is_the_schema_sent(bare: Bare, type_name: str) -> None:
    value = f"({TYPES[type_name]})::{type_name}"
    table = agreed(bare, f"SELECT {value} AS v UNION ALL SELECT NULL")
    assert table.num_rows == 2
    assert not table["v"][1].is_valid or table["v"][1].as_py() is None


@pytest.mark.parametrize("type_name", VALUES, ids=lambda name: name[:60])
def test_a_value_arrives_by_adbc(connection: dbapi.Connection, type_name: str) -> None:
    literal, expected = VALUES[type_name]
    found = query(connection, f"SELECT ({literal})::{type_name} AS v")["v"].to_pylist()
    assert found == [expected]


@pytest.mark.parametrize("type_name", TYPES, ids=lambda name: name[:60])
def test_an_empty_result_and_one_of_nulls_keep_the_type(bare: Bare, type_name: str) -> None:
    value = f"({TYPES[type_name]})::{type_name}"
    whole = agreed(bare, f"SELECT {value} AS v").schema
    empty = agreed(bare, f"SELECT {value} AS v WHERE false")
    nulls = agreed(bare, f"SELECT NULL::{type_name} AS v FROM range(3)")
    assert empty.schema.serialize().equals(whole.serialize())
    assert nulls.schema.serialize().equals(whole.serialize())
    assert (empty.num_rows, nulls.num_rows) == (0, 3)


@pytest.mark.parametrize("type_name", TYPES, ids=lambda name: name[:60])
def test_every_column_tells_its_duckdb_type(bare: Bare, type_name: str) -> None:
    schema = bare.schema(sql.CommandStatementQuery(query=f"SELECT NULL::{type_name} AS v"))
    [described] = bare.query(f"DESCRIBE SELECT NULL::{type_name} AS v").to_pylist()
    told = named(schema)
    assert told == described["column_type"] or (len(described["column_type"]) > 1000 and told == "ENUM")


@pytest.mark.parametrize("type_name", [t for t in TYPES if "ENUM" not in t], ids=lambda name: name[:60])
def test_the_type_named_tells_the_arrow_type(bare: Bare, type_name: str) -> None:
    schema = bare.schema(sql.CommandStatementQuery(query=f"SELECT NULL::{type_name} AS v"))
    assert arrow_type(named(schema)) == schema.field("v").type


def _is(expected: Any) -> Callable[[Any], bool]:
    return lambda found: found == expected


INFINITE = {
    "'infinity'::DATE": _is(2**31 - 1),
    "'-infinity'::DATE": _is(-(2**31) + 1),
    "'infinity'::TIMESTAMP": _is(2**63 - 1),
    "'-infinity'::TIMESTAMPTZ": _is(-(2**63) + 1),
}


@pytest.mark.parametrize("value", INFINITE)
def test_infinite_times_arrive_as_the_greatest_and_least_numbers(bare: Bare, value: str) -> None:
    column = agreed(bare, f"SELECT {value} AS v")["v"]
    number = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
    assert INFINITE[value](column.cast(number)[0].as_py())


def test_the_end_of_the_day_arrives_as_its_microseconds(bare: Bare) -> None:
    column = agreed(bare, "SELECT '24:00:00'::TIME AS v")["v"]
    assert column.cast(pa.int64())[0].as_py() == timedelta(days=1) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "value",
    [
        "340282366920938463463374607431768211455::UHUGEINT",
        "170141183460469231731687303715884105728::UHUGEINT",
        "[NULL, 340282366920938463463374607431768211455::UHUGEINT]",
        "{'a': 1, 'b': 340282366920938463463374607431768211455::UHUGEINT}",
        "MAP {'k': [340282366920938463463374607431768211455::UHUGEINT]}",
    ],
)
def test_a_number_that_would_arrive_as_another_is_refused(bare: Bare, value: str) -> None:
    error = refusal(lambda: bare.query(f"SELECT {value} AS v"))
    assert error.code == "unsupported"
    assert "VARCHAR" in error.message
    assert bare.query("SELECT 340282366920938463463374607431768211455::UHUGEINT::VARCHAR AS v").num_rows == 1


def test_negative_numbers_beside_unsigned_ones_are_right(bare: Bare) -> None:
    value = "{'a': -5::HUGEINT, 'b': 5::UHUGEINT, 'c': NULL::UHUGEINT, 'd': [-1::HUGEINT]}"
    assert bare.query(f"SELECT {value} AS v, 'UHUGEINT'::ENUM('UHUGEINT') AS e")["v"].to_pylist() == [
        {"a": Decimal(-5), "b": Decimal(5), "c": None, "d": [Decimal(-1)]}
    ]


def test_a_type_without_an_arrow_form_is_refused_with_a_way_out(bare: Bare) -> None:
    error = refusal(lambda: bare.query("SELECT 1::VARIANT AS v"))
    assert "VARIANT" in error.message
    assert bare.query("SELECT 1::VARIANT::VARCHAR AS v").to_pylist() == [{"v": "1"}]


def test_an_enum_inside_a_union_is_refused_with_a_way_out(bare: Bare) -> None:
    error = refusal(lambda: bare.query("SELECT [NULL::UNION(e ENUM('a'), u UUID)] AS v"))
    assert error.code == "unsupported"
    assert "VARCHAR" in error.message


def test_columns_of_one_name_and_odd_names_are_kept(bare: Bare) -> None:
    table = agreed(bare, 'SELECT 1 AS a, 2 AS a, \'x\' AS "A", 3 AS " ", 4 AS "é""\'", 5')
    assert table.column_names == ["a", "a", "A", " ", "é\"'", "5"]


def test_a_column_without_a_name_can_not_be_made(bare: Bare) -> None:
    assert refusal(lambda: bare.query('SELECT 1 AS ""')).code == "sql_error"
    assert refusal(lambda: bare.query("SELECT FROM range(3)")).code == "sql_error"


def test_null_and_what_follows_from_it_has_a_type(bare: Bare) -> None:
    table = agreed(bare, "SELECT NULL AS n, [] AS e, [NULL] AS l, {'a': NULL} AS s")
    assert table.schema.field("n").type == pa.int32()
    assert table.to_pylist() == [{"n": None, "e": [], "l": [None], "s": {"a": None}}]


def test_rows_only_after_many_empty_batches_arrive(bare: Bare) -> None:
    table = agreed(bare, "SELECT i, ('x' || i)::VARCHAR AS t FROM range(2_000_000) r(i) WHERE i >= 1_999_998")
    assert table["i"].to_pylist() == [1_999_998, 1_999_999]


def test_many_columns_agree(bare: Bare) -> None:
    table = agreed(bare, "SELECT " + ", ".join(f"{n % 9}::DECIMAL(18,{n % 18}) AS c{n}" for n in range(500)))
    assert table.num_columns == 500


def test_a_nested_type_at_the_limit_agrees_and_a_deeper_one_is_told(bare: Bare) -> None:
    agreed(bare, f"SELECT NULL::INTEGER{'[]' * 60} AS v")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_the_zone_of_the_session_is_part_of_the_type(server: Server, zone: str) -> None:
    with Bare(server) as bare:
        bare.update(f"SET TimeZone = '{zone}'")
        table = agreed(bare, "SELECT '2024-07-01 00:00:00+00'::TIMESTAMPTZ AS v")
        assert table.schema.field("v").type == pa.timestamp("us", zone)


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 1",
        "DESCRIBE SELECT 1 AS a",
        "SHOW TABLES",
        "SUMMARIZE SELECT 1 AS a",
        "CALL health()",
        "VALUES (1, 'x')",
        "FROM range(3)",
        "FROM catalog.settings",
        "FROM catalog.datasets",
        "SELECT * FROM (SHOW ALL TABLES)",
    ],
)
def test_statements_that_give_rows_agree(bare: Bare, text: str) -> None:
    agreed(bare, text)


def test_a_declared_parameter_and_a_bound_value_of_another_type_agree(bare: Bare) -> None:
    _, handle = prepared(bare, "SELECT ? AS v")
    command = sql.CommandPreparedStatementQuery(prepared_statement_handle=handle)
    for value in (pa.array([1], pa.int16()), pa.array(["x"]), pa.array([[1.5]]), pa.array([None], pa.int8())):
        bare.put(command, pa.table({"1": value}))
        info = bare.info(command)
        table = bare.get(info.endpoints[0].ticket)
        assert info.schema.serialize().equals(table.schema.serialize())
        assert table.schema.field("v").type == value.type or value.type == pa.list_(pa.float64())
        assert table["v"].to_pylist() == value.to_pylist()


def test_remarks_stay_out_of_results_since_jdbc_shows_them_as_names(bare: Bare) -> None:
    bare.update("CREATE OR REPLACE TABLE remarked (a INTEGER)")
    bare.update("COMMENT ON COLUMN remarked.a IS 'a remark'")
    schema = bare.schema(sql.CommandStatementQuery(query="FROM remarked"))
    assert REMARKS not in (schema.field("a").metadata or {})
