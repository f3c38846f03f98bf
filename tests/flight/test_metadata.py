"""The metadata answers have exactly the published columns, and their rows come sorted."""

from collections.abc import Callable

import duckdb
import pyarrow as pa
import pytest

from flight.gen import flight_sql_info_pb2 as info
from flight.metadata.catalogs import catalogs_table
from flight.metadata.keys import ForeignKeyRow, PrimaryKeyRow, foreign_keys_table, primary_keys_table
from flight.metadata.schemas import SchemaRow, db_schemas_table
from flight.metadata.table_types import table_types_table
from flight.metadata.tables import TableRow, serialised, tables_schema, tables_table
from flight.metadata.type_info import TYPES, TypeInfo, type_info_table
from server.sql.arrow_types import arrow_type

KEYS = (
    "pk_catalog_name string|pk_db_schema_name string|pk_table_name string!|pk_column_name string!|"
    "fk_catalog_name string|fk_db_schema_name string|fk_table_name string!|fk_column_name string!|"
    "key_sequence int32!|fk_key_name string|pk_key_name string|update_rule uint8!|delete_rule uint8!"
)
TABLES = "catalog_name string|db_schema_name string|table_name string!|table_type string!"
# Each answer without rows, and its published columns: name, type, and ! where NULL is excluded.
PUBLISHED: list[tuple[Callable[[], pa.Table], str]] = [
    (lambda: catalogs_table([]), "catalog_name string!"),
    (lambda: db_schemas_table([]), "catalog_name string|db_schema_name string!"),
    (lambda: tables_table([], include_schema=False), TABLES),
    (lambda: tables_table([], include_schema=True), TABLES + "|table_schema binary!"),
    (lambda: table_types_table([]), "table_type string!"),
    (
        lambda: primary_keys_table([]),
        "catalog_name string|db_schema_name string|table_name string!|column_name string!|key_name string|"
        "key_sequence int32!",
    ),
    (lambda: foreign_keys_table([], "pk"), KEYS),
    (
        lambda: type_info_table(999),
        "type_name string!|data_type int32!|column_size int32|literal_prefix string|literal_suffix string|"
        "create_params list<item: string not null>|nullable int32!|case_sensitive bool!|searchable int32!|"
        "unsigned_attribute bool|fixed_prec_scale bool!|auto_increment bool|local_type_name string|"
        "minimum_scale int32|maximum_scale int32|sql_data_type int32!|datetime_subcode int32|num_prec_radix int32|"
        "interval_precision int32",
    ),
]


@pytest.mark.parametrize(("empty", "published"), PUBLISHED, ids=[text[:40] for _, text in PUBLISHED])
def test_answer_has_the_published_columns(empty: Callable[[], pa.Table], published: str) -> None:
    answer = empty()
    assert answer.num_rows == 0
    assert "|".join(f"{f.name} {f.type}{'' if f.nullable else '!'}" for f in answer.schema) == published


def test_rows_are_sorted_with_missing_names_first() -> None:
    rows = [SchemaRow("b", "x"), SchemaRow("a", "z"), SchemaRow(None, "y"), SchemaRow("a", "a")]
    assert [tuple(row.values()) for row in db_schemas_table(rows).to_pylist()] == [
        (None, "y"),
        ("a", "a"),
        ("a", "z"),
        ("b", "x"),
    ]
    assert catalogs_table(["lakehouse", "alpha"]).column(0).to_pylist() == ["alpha", "lakehouse"]
    assert table_types_table(["VIEW", "BASE TABLE", "VIEW"]).column(0).to_pylist() == ["BASE TABLE", "VIEW"]


def test_table_row_carries_its_schema_as_an_ipc_message() -> None:
    columns = pa.schema([pa.field("n", pa.int64(), metadata={"k": "v"})])
    rows = [
        TableRow("c", "s", "t", "BASE TABLE", columns),
        TableRow("c", "s", "bare", "VIEW"),
        TableRow("c", "s", "u", "BASE TABLE", serialised(columns)),
    ]
    answer = tables_table(rows, include_schema=True)
    assert answer.schema == tables_schema(include_schema=True)
    assert answer.column("table_name").to_pylist() == ["bare", "t", "u"]
    [bare, full, kept] = [pa.ipc.read_schema(message.as_buffer()) for message in answer.column("table_schema")]
    assert full.equals(columns, check_metadata=True)
    assert kept.equals(columns, check_metadata=True)
    assert len(bare) == 0


def test_names_with_nul_and_quotes_are_carried_unchanged() -> None:
    name = "a\x00'\"%_\\é"
    answer = tables_table([TableRow(name, name, name, "BASE TABLE")], include_schema=False)
    assert answer.column("table_name").to_pylist() == [name]


def test_primary_key_columns_are_sorted_by_sequence() -> None:
    rows = [PrimaryKeyRow("c", "s", "t", "second", "pk", 2), PrimaryKeyRow("c", "s", "t", "first", "pk", 1)]
    assert primary_keys_table(rows).column("column_name").to_pylist() == ["first", "second"]


def test_foreign_keys_are_sorted_by_the_side_that_is_asked_for() -> None:
    rows = [
        ForeignKeyRow("c", "s", "a", "id", "c", "s", "z", "a_id", 1, "f1", None),
        ForeignKeyRow("c", "s", "b", "id", "c", "s", "y", "b_id", 1, "f2", None, info.CASCADE, info.SET_NULL),
    ]
    by_pk, by_fk = foreign_keys_table(rows, "pk"), foreign_keys_table(rows, "fk")
    assert by_pk.column("pk_table_name").to_pylist() == ["a", "b"]
    assert by_fk.column("fk_table_name").to_pylist() == ["y", "z"]
    assert by_pk.column("update_rule").to_pylist() == [info.NO_ACTION, info.CASCADE]
    assert by_pk.column("delete_rule").to_pylist() == [info.NO_ACTION, info.SET_NULL]


def test_type_info_is_sorted_and_filtered_by_code() -> None:
    everything = type_info_table().select(["data_type", "type_name"]).to_pylist()
    assert everything == sorted(everything, key=lambda row: (row["data_type"], row["type_name"]))
    assert type_info_table(info.XDBC_INTEGER).column("type_name").to_pylist() == ["INTEGER", "UINTEGER"]


LITERALS = {
    "VARCHAR": "it is",
    "JSON": "[1]",
    "UUID": "6f1c1f4e-62c5-4e4f-9d43-5a4c8a2d9c11",
    "BLOB": "\\xAA",
    "GEOMETRY": "POINT (0 0)",
    "DATE": "2024-02-29",
    "TIME": "23:59:59.123456",
    "TIME WITH TIME ZONE": "23:59:59.123456+15:59:59",
    "TIMESTAMP_S": "2024-02-29 23:59:59",
    "TIMESTAMP_MS": "2024-02-29 23:59:59.123",
    "TIMESTAMP": "2024-02-29 23:59:59.123456",
    "TIMESTAMP_NS": "2024-02-29 23:59:59.123456789",
    "TIMESTAMP WITH TIME ZONE": "2024-02-29 23:59:59.123456+00:00:00",
    "INTERVAL": "1 day",
}


@pytest.mark.parametrize("row", TYPES, ids=[row.type_name for row in TYPES])
def test_type_info_holds_for_duckdb(row: TypeInfo) -> None:
    connection = duckdb.connect()
    arrow = connection.execute(f"SELECT NULL::{row.type_name} AS c").to_arrow_reader().schema.field("c").type
    if row.type_name != "DECIMAL":
        assert arrow == arrow_type(row.type_name, str(arrow.tz) if row.type_name.startswith("TIMESTAMP WITH") else "")
    assert (row.literal_prefix is not None) == (row.type_name in LITERALS)
    if row.literal_prefix is not None:
        literal = f"{row.literal_prefix}{LITERALS[row.type_name]}{row.literal_suffix}"
        assert connection.execute(f"SELECT typeof({literal})").fetchall() == [(row.type_name,)]
    if row.sql_data_type == info.XDBC_DATETIME:
        assert row.column_size == len(LITERALS[row.type_name])
