"""adbc_ingest: types beyond the plain ones, every mode in a transaction, any place."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, manual, query

ROWS = pa.table({"a": [1, 2], "b": ["x", None]})

# What comes in, and the type that comes back.
ARRAYS: dict[str, tuple[Any, pa.DataType]] = {
    "dictionary": (pa.array(["x", "y", None, "x"]).dictionary_encode(), pa.string()),
    "interval": (
        pa.array([(14, 3, 1_000_000_000), None, None, None], pa.month_day_nano_interval()),
        pa.month_day_nano_interval(),
    ),
    "decimal of 38 digits": (
        pa.array([Decimal("9" * 28 + ".0123456789"), None, Decimal(0), Decimal(-1)], pa.decimal128(38, 10)),
        pa.decimal128(38, 10),
    ),
    "struct of lists": (
        pa.array([{"a": [1, None], "b": {"c": "x"}}, None, {"a": [], "b": None}, {"a": None, "b": {"c": None}}]),
        pa.struct([("a", pa.list_(pa.int64())), ("b", pa.struct([("c", pa.string())]))]),
    ),
    "map": (
        pa.array([[("k", 1)], [], None, [("l", None)]], pa.map_(pa.string(), pa.int32())),
        pa.map_(pa.string(), pa.int32()),
    ),
    "time": (pa.array([dt.time(12, 34, 56, 789), None, None, None], pa.time64("us")), pa.time64("us")),
    "bool": (pa.array([True, False, None, True]), pa.bool_()),
    "empty text": (pa.array(["", " ", None, "ünï ✓"]), pa.string()),
    "large binary": (pa.array([b"", b"\x00", None, b"x" * 1000], pa.large_binary()), pa.binary()),
}


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


def ingest(connection: dbapi.Connection, name: str, rows: object, **options: object) -> int:
    with connection.cursor() as cursor:
        return int(cursor.adbc_ingest(name, rows, **options))


@pytest.mark.parametrize("name", ARRAYS)
def test_values_come_back_as_they_went_in(connection: dbapi.Connection, name: str) -> None:
    values, expected = ARRAYS[name]
    batch = pa.record_batch({"v": values})
    reader = pa.RecordBatchReader.from_batches(batch.schema, iter([batch, batch]))
    assert ingest(connection, "types_in", reader, mode="replace") == 8
    found = query(connection, "FROM types_in")
    assert found["v"].to_pylist() == values.to_pylist() * 2
    assert found.schema.field("v").type == expected


def test_a_type_the_lake_lacks_is_refused_naming_its_column(connection: dbapi.Connection) -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(dbapi.Error, match="odd_one"):
        ingest(connection, "types_refused", pa.table({"odd_one": union}), mode="create")
    with pytest.raises(dbapi.Error, match="types_refused"):
        query(connection, "FROM types_refused")


@pytest.mark.parametrize("mode", ["create", "append", "replace", "create_append"])
def test_every_mode_is_undone_with_its_transaction(server: Server, connection: dbapi.Connection, mode: str) -> None:
    name = f"undone_{mode}"
    query(connection, f"DROP TABLE IF EXISTS {name}")
    if mode != "create":
        ingest(connection, name, ROWS)
    with manual(server) as own:
        assert ingest(own, name, ROWS, mode=mode) == 2
        assert query(own, f"FROM {name}").num_rows == (4 if "append" in mode and mode != "create" else 2)
        own.rollback()
    if mode == "create":
        with pytest.raises(dbapi.Error, match=name):
            query(connection, f"FROM {name}")
    else:
        assert query(connection, f"FROM {name}").num_rows == 2


def test_several_streams_are_one_transaction(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "DROP TABLE IF EXISTS together_a")
    query(connection, "DROP TABLE IF EXISTS together_b")
    with manual(server) as own:
        ingest(own, "together_a", ROWS)
        ingest(own, "together_b", ROWS)
        own.commit()
    found = query(connection, "SELECT (SELECT count(*) FROM together_a) AS a, (SELECT count(*) FROM together_b) AS b")
    assert found.to_pylist() == [{"a": 2, "b": 2}]


def test_a_temporary_table_may_be_loaded_again_and_in_a_transaction(server: Server) -> None:
    with manual(server) as own:
        ingest(own, "for_now", ROWS, temporary=True)
        ingest(own, "for_now", ROWS, mode="append", temporary=True)
        assert query(own, "FROM for_now").num_rows == 4
        own.commit()
        ingest(own, "for_now", ROWS, mode="replace", temporary=True)
        assert query(own, "FROM for_now").num_rows == 2
        own.rollback()


def test_catalog_and_schema_are_taken_and_what_is_not_there_is_named(connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA IF NOT EXISTS aside")
    place = {"catalog_name": "lakehouse", "db_schema_name": "aside"}
    ingest(connection, "placed", ROWS, mode="replace", **place)
    assert query(connection, "FROM lakehouse.aside.placed").num_rows == 2
    with pytest.raises(dbapi.Error, match="no_such_schema"):
        ingest(connection, "placed", ROWS, db_schema_name="no_such_schema")
