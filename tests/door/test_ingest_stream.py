"""Bulk ingest: an Arrow stream into a table, all rows or none."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server, query

Mode = Literal["append", "create", "replace", "create_append"]
ROWS = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})
Options = sql.CommandStatementIngest.TableDefinitionOptions


@pytest.fixture
def name(connection: dbapi.Connection, request: pytest.FixtureRequest) -> str:
    """The name of a table that is not there yet."""
    name = f"i_{request.node.name[:50]}".replace("[", "_").replace("]", "").replace(" ", "_").replace("-", "_")
    query(connection, f"DROP TABLE IF EXISTS {name}")
    return name


def ingest(connection: dbapi.Connection, name: str, rows: Any, mode: Mode = "create", **options: Any) -> int:
    with connection.cursor() as cursor:
        return int(cursor.adbc_ingest(name, rows, mode=mode, **options))


def test_create_makes_a_table_of_the_rows_and_tells_their_number(connection: dbapi.Connection, name: str) -> None:
    assert ingest(connection, name, ROWS) == 3
    assert query(connection, f"FROM {name} ORDER BY a").to_pylist() == ROWS.to_pylist()


def test_create_refuses_a_table_that_is_there(connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS)
    assert "already exists" in refusal(lambda: ingest(connection, name, ROWS)).message
    assert query(connection, f"FROM {name}").num_rows == 3


def test_append_adds_rows_by_the_names_of_their_columns(connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS)
    assert ingest(connection, name, pa.table({"b": ["w"], "a": [4]}), "append") == 1
    assert query(connection, f"SELECT b FROM {name} WHERE a = 4").to_pylist() == [{"b": "w"}]


def test_append_refuses_a_table_that_is_not_there(connection: dbapi.Connection, name: str) -> None:
    assert name in refusal(lambda: ingest(connection, name, ROWS, "append")).message


def test_replace_leaves_the_new_rows_alone(connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS)
    assert ingest(connection, name, pa.table({"c": [1.5]}), "replace") == 1
    assert query(connection, f"FROM {name}").to_pylist() == [{"c": 1.5}]


def test_create_append_makes_the_table_once(connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS, "create_append")
    ingest(connection, name, ROWS, "create_append")
    assert query(connection, f"FROM {name}").num_rows == 6


@pytest.mark.parametrize("columns", [{"c": ["w"]}, {"a": ["four"], "b": ["w"]}, {"a": ["four"], "c": [1]}])
def test_rows_that_do_not_fit_load_nothing(connection: dbapi.Connection, name: str, columns: dict[str, Any]) -> None:
    ingest(connection, name, ROWS)
    assert refusal(lambda: ingest(connection, name, pa.table(columns), "append")).code == "migration_proposed"
    assert query(connection, f"FROM {name}").num_rows == 3


def test_a_stream_that_breaks_half_way_loads_nothing(connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from ROWS.to_batches() * 50
        raise RuntimeError("the source broke")

    reader = pa.RecordBatchReader.from_batches(ROWS.schema, batches())
    with pytest.raises(Exception, match="broke"):
        ingest(connection, name, reader, "append")
    assert query(connection, f"FROM {name}").num_rows == 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"a": [1], "A": [2]}, "twice"), ({"": [1]}, "no name")],
)
def test_names_that_a_table_can_not_have_are_refused(
    connection: dbapi.Connection, name: str, columns: dict[str, Any], message: str
) -> None:
    assert message in refusal(lambda: ingest(connection, name, pa.table(columns))).message


def test_types_that_the_lake_lacks_are_stored_as_the_nearest_it_has(connection: dbapi.Connection, name: str) -> None:
    rows = pa.table(
        {
            "dictionary": pa.array(["x", "y", None]).dictionary_encode(),
            "fixed_list": pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "half": pa.array([1.5, None, 2.5], pa.float16()),
            "nothing": pa.nulls(3),
            "list_of_dictionaries": pa.ListArray.from_arrays([0, 1, 1, 2], pa.array(["p", "q"]).dictionary_encode()),
            "large": pa.array(["l", None, "m"], pa.large_string()),
            "view": pa.array(["v", None, "w"], pa.string_view()),
        }
    )
    assert ingest(connection, name, rows) == 3
    assert query(connection, f"FROM {name}").to_pylist() == rows.to_pylist()


def test_types_that_the_lake_has_come_back_as_they_went_in(connection: dbapi.Connection, name: str) -> None:
    rows = pa.table(
        {
            "decimal": pa.array([Decimal("12345.678"), None], pa.decimal128(18, 3)),
            "timestamp": pa.array([1, None], pa.timestamp("us")),
            "zoned": pa.array([1, None], pa.timestamp("us", "UTC")),
            "date": pa.array([1, None], pa.date32()),
            "binary": pa.array([b"\x00\xff", None]),
            "list": pa.array([[[1], None], None], pa.list_(pa.list_(pa.int32()))),
            "struct": pa.array([{"a": 1, "b": ["x"]}, None]),
            "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
        }
    )
    ingest(connection, name, rows)
    found = query(connection, f"FROM {name}")
    assert found.to_pylist() == rows.to_pylist()
    assert [f.type for f in found.schema if f.name not in ("list", "struct")] == [
        f.type for f in rows.schema if f.name not in ("list", "struct")
    ]


def test_an_empty_stream_makes_an_empty_table(connection: dbapi.Connection, name: str) -> None:
    # Of a stream without any batch the driver does not even send the schema.
    reader = pa.RecordBatchReader.from_batches(ROWS.schema, [ROWS.to_batches()[0].slice(0, 0)])
    assert ingest(connection, name, reader) == 0
    assert query(connection, f"FROM {name}").num_rows == 0


def test_a_large_stream_loads_whole(connection: dbapi.Connection, name: str) -> None:
    batch = pa.record_batch({"a": pa.array(range(50_000)), "t": ["text"] * 50_000})
    reader = pa.RecordBatchReader.from_batches(batch.schema, iter([batch] * 20))
    assert ingest(connection, name, reader) == 1_000_000
    assert query(connection, f"SELECT sum(a) AS s FROM {name}").to_pylist() == [{"s": 20 * sum(range(50_000))}]


def test_a_temporary_table_is_its_connections_alone(server: Server, connection: dbapi.Connection, name: str) -> None:
    ingest(connection, name, ROWS, temporary=True)
    assert query(connection, f"FROM {name}").num_rows == 3
    with server.connect() as other:
        assert name in refusal(lambda: query(other, f"FROM {name}")).message
    assert query(connection, f"SELECT * FROM catalog.datasets WHERE dataset = '{name}'").num_rows == 0


def test_a_table_in_another_schema_is_made_there(connection: dbapi.Connection, name: str) -> None:
    query(connection, "CREATE SCHEMA IF NOT EXISTS side")
    ingest(connection, name, ROWS, "replace", db_schema_name="side", catalog_name="lakehouse")
    assert query(connection, f"FROM side.{name}").num_rows == 3


def test_another_catalog_is_refused(connection: dbapi.Connection, name: str) -> None:
    error = refusal(lambda: ingest(connection, name, ROWS, catalog_name="elsewhere"))
    assert "elsewhere" in error.message


def test_names_need_no_quoting(connection: dbapi.Connection) -> None:
    rows = pa.table({'a "quoted" one': [1], "select": [2], "ünï": [3]})
    ingest(connection, 'odd "name"; --', rows, "replace")
    assert query(connection, 'FROM "odd ""name""; --"').to_pylist() == rows.to_pylist()


def test_an_ingest_in_a_transaction_is_rolled_back_with_it(
    server: Server, connection: dbapi.Connection, name: str
) -> None:
    ingest(connection, name, ROWS)
    options = {"username": "admin", "password": PASSWORD}
    with flightsql.connect(server.uri, db_kwargs=options, autocommit=False) as own:
        ingest(own, name, ROWS, "append")
        own.rollback()
    assert query(connection, f"FROM {name}").num_rows == 3


@pytest.mark.parametrize(
    ("if_not_exist", "if_exists"),
    [
        (Options.TABLE_NOT_EXIST_OPTION_FAIL, Options.TABLE_EXISTS_OPTION_FAIL),
        (Options.TABLE_NOT_EXIST_OPTION_FAIL, Options.TABLE_EXISTS_OPTION_REPLACE),
    ],
)
def test_options_without_a_meaning_are_refused(
    bare: Bare, if_not_exist: "Options.TableNotExistOption.ValueType", if_exists: "Options.TableExistsOption.ValueType"
) -> None:
    options = Options(if_not_exist=if_not_exist, if_exists=if_exists)
    command = sql.CommandStatementIngest(table_definition_options=options, table="never")
    assert refusal(lambda: bare.put(command, ROWS)).code == "invalid_argument"


def test_a_table_without_a_name_is_refused(bare: Bare) -> None:
    command = sql.CommandStatementIngest(table="")
    assert refusal(lambda: bare.put(command, ROWS)).code == "invalid_argument"
