"""GetSqlInfo answers every published code, in the published union, with what DuckDB really does."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from flight.gen import flight_sql_info_pb2 as info
from flight.sql_info import SQL_INFO_SCHEMA, ServerFacts, sql_info

FACTS = ServerFacts(
    version="1.2.3",
    arrow_version="26.0.1",
    keywords=("select", "qualify"),
    numeric_functions=("abs",),
    string_functions=("upper",),
    datetime_functions=("now",),
    statement_timeout_ms=60_000,
    connections_max=7,
)


def answered(*codes: int) -> dict[int, Any]:
    return {row["info_name"]: row["value"] for row in sql_info(codes, FACTS).to_pylist()}


def child_of(code: int) -> str:
    [value] = sql_info([code], FACTS).column("value").combine_chunks()
    return str(value.type.field(value.type_code).name)


def test_schema_is_the_published_one() -> None:
    published = pa.dense_union(
        [
            pa.field("string_value", pa.string()),
            pa.field("bool_value", pa.bool_()),
            pa.field("bigint_value", pa.int64()),
            pa.field("int32_bitmask", pa.int32()),
            pa.field("string_list", pa.list_(pa.string())),
            pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
        ]
    )
    assert [(f.name, f.type, f.nullable) for f in SQL_INFO_SCHEMA] == [
        ("info_name", pa.uint32(), False),
        ("value", published, False),
    ]
    assert SQL_INFO_SCHEMA.field("value").type.type_codes == [0, 1, 2, 3, 4, 5]


def test_no_request_answers_every_published_code() -> None:
    table = sql_info([], FACTS)
    assert table.column("info_name").to_pylist() == sorted(info.SqlInfo.values())
    table.validate(full=True)


def test_requested_codes_come_in_order_once_and_unknown_ones_are_absent() -> None:
    table = sql_info([info.SQL_KEYWORDS, 99_999, info.FLIGHT_SQL_SERVER_NAME, info.SQL_KEYWORDS, 2**32 - 1], FACTS)
    assert table.column("info_name").to_pylist() == [info.SQL_KEYWORDS, info.FLIGHT_SQL_SERVER_NAME]
    assert table.column("value").to_pylist() == [["select", "qualify"], "Lakehouse"]


def test_request_of_unknown_codes_only_has_no_rows() -> None:
    table = sql_info([77_777], FACTS)
    assert (table.num_rows, table.schema) == (0, SQL_INFO_SCHEMA)


def test_facts_and_promises_are_told() -> None:
    values = answered()
    assert values[info.FLIGHT_SQL_SERVER_VERSION] == "1.2.3"
    assert values[info.FLIGHT_SQL_SERVER_ARROW_VERSION] == "26.0.1"
    assert values[info.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT] == 60_000
    assert values[info.SQL_MAX_CONNECTIONS] == 7
    assert values[info.FLIGHT_SQL_SERVER_TRANSACTION] == info.SQL_SUPPORTED_TRANSACTION_TRANSACTION
    assert values[info.SQL_TRANSACTIONS_SUPPORTED] is True
    assert values[info.FLIGHT_SQL_SERVER_CANCEL] is True
    assert values[info.FLIGHT_SQL_SERVER_BULK_INGESTION] is True
    assert values[info.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED] is True
    assert values[info.SQL_SAVEPOINTS_SUPPORTED] is False
    assert values[info.FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION] is None
    assert values[info.SQL_SYSTEM_FUNCTIONS] == []


# The JDBC driver casts to these and throws when the server's child is another one.
@pytest.mark.parametrize(
    ("code", "child"),
    [
        (info.SQL_IDENTIFIER_QUOTE_CHAR, "string_value"),
        (info.FLIGHT_SQL_SERVER_READ_ONLY, "bool_value"),
        (info.SQL_DEFAULT_TRANSACTION_ISOLATION, "bigint_value"),
        (info.SQL_MAX_TABLE_NAME_LENGTH, "bigint_value"),
        (info.SQL_SUPPORTED_GROUP_BY, "int32_bitmask"),
        (info.SQL_OUTER_JOINS_SUPPORT_LEVEL, "int32_bitmask"),
        (info.SQL_SUPPORTED_RESULT_SET_TYPES, "int32_bitmask"),
        (info.SQL_NUMERIC_FUNCTIONS, "string_list"),
        (info.SQL_SUPPORTS_CONVERT, "int32_to_int32_list_map"),
    ],
)
def test_value_is_in_the_child_that_jdbc_reads(code: int, child: str) -> None:
    assert child_of(code) == child


SAMPLES = {
    "BIGINT": ("BIGINT", "1"),
    "BINARY": ("BLOB", "a"),
    "BIT": ("BOOLEAN", "true"),
    "CHAR": ("VARCHAR", "a"),
    "DATE": ("DATE", "2020-01-01"),
    "DECIMAL": ("DECIMAL", "1"),
    "FLOAT": ("DOUBLE", "1"),
    "INTEGER": ("INTEGER", "1"),
    "INTERVAL_DAY_TIME": ("INTERVAL", "1 day"),
    "INTERVAL_YEAR_MONTH": ("INTERVAL", "1 year"),
    "LONGVARBINARY": ("BLOB", "a"),
    "LONGVARCHAR": ("VARCHAR", "a"),
    "NUMERIC": ("DECIMAL", "1"),
    "REAL": ("FLOAT", "1"),
    "SMALLINT": ("SMALLINT", "1"),
    "TIME": ("TIME", "01:02:03"),
    "TIMESTAMP": ("TIMESTAMP", "2020-01-01 00:00:00"),
    "TINYINT": ("TINYINT", "1"),
    "VARBINARY": ("BLOB", "a"),
    "VARCHAR": ("VARCHAR", "a"),
}


def converts(connection: duckdb.DuckDBPyConnection, source: str, target: str) -> bool:
    (source_type, sample), (target_type, readable) = SAMPLES[source], SAMPLES[target]
    text = readable if source_type == "VARCHAR" else sample
    try:
        connection.execute(f"SELECT '{text}'::{source_type}::{target_type}").fetchall()
    except duckdb.Error:
        return False
    return True


def test_conversions_are_those_that_duckdb_casts() -> None:
    connection = duckdb.connect()
    name = {number: text.removeprefix("SQL_CONVERT_") for text, number in info.SqlSupportsConvert.items()}
    claimed = {name[source]: [name[t] for t in targets] for source, targets in answered()[info.SQL_SUPPORTS_CONVERT]}
    real = {source: [t for t in SAMPLES if converts(connection, source, t)] for source in SAMPLES}
    assert claimed == real
