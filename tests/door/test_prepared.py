"""Prepared statements: parameters of every kind, and when a statement runs."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

ARROW_VALUES: dict[str, Any] = {
    "bool": pa.array([True]),
    "int8": pa.array([-7], pa.int8()),
    "uint64": pa.array([2**63 + 1], pa.uint64()),
    "int64": pa.array([-(2**62)], pa.int64()),
    "float": pa.array([1.5], pa.float32()),
    "double": pa.array([0.1], pa.float64()),
    "decimal": pa.array([Decimal("1234567890123456.78")], pa.decimal128(18, 2)),
    "text": pa.array(["it's ✓"]),
    "large text": pa.array(["x"], pa.large_string()),
    "binary": pa.array([b"\x00\xff"]),
    "date": pa.array([date(2024, 2, 29)]),
    "time": pa.array([time(12, 34, 56, 789)], pa.time64("us")),
    "timestamp": pa.array([datetime(2024, 2, 29, 12, 34, 56, 789)], pa.timestamp("us")),
    "timestamp in ms": pa.array([datetime(2024, 2, 29, 12, 34, 56)], pa.timestamp("ms")),
    "timestamp with zone": pa.array([datetime(2024, 2, 29, 12, 34, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    "timestamp in ns": pa.array([1_709_210_096_123_456_789], pa.timestamp("ns")),
    "interval": pa.array([(1, 2, 3000)], pa.month_day_nano_interval()),
    "not a number": pa.array([float("inf")]),
    "map": pa.array([[("k=1, {", ["x'", None])]], pa.map_(pa.string(), pa.list_(pa.string()))),
    "list of texts": pa.array([["it's", "a, b", "[x]", "NULL", None, 'q"\\', "", " s "]]),
    "list of floats": pa.array([[0.5, 1.5, None]], pa.list_(pa.float32())),
    "fixed list of floats": pa.array([[0.5, 1.5]], pa.list_(pa.float32(), 2)),
    "list of lists": pa.array([[["a"], []]], pa.list_(pa.list_(pa.string()))),
    "struct": pa.array([{"a": 1, "b": "x"}]),
    "empty text": pa.array([""]),
}


@pytest.mark.parametrize("kind", ARROW_VALUES)
def test_a_bound_value_comes_back_as_it_went_in(connection: dbapi.Connection, kind: str) -> None:
    value = ARROW_VALUES[kind]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ? AS v", pa.record_batch([value], ["0"]))
        assert cursor.fetch_arrow_table()["v"].to_pylist() == value.to_pylist()


@pytest.mark.parametrize("kind", ARROW_VALUES)
def test_a_bound_null_keeps_its_type(connection: dbapi.Connection, kind: str) -> None:
    null = pa.array([None], ARROW_VALUES[kind].type)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ? IS NULL AS missing", pa.record_batch([null], ["0"]))
        assert cursor.fetchall() == [(True,)]


def test_a_null_without_a_type_is_bound(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT ? AS v, ? IS NULL AS n", (None, None)).to_pylist() == [{"v": None, "n": True}]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SELECT ? AS a, ? AS b", (1, "x"), (1, "x")),
        ("SELECT $1 AS a, $2 AS b", (1, "x"), (1, "x")),
        ("SELECT $2 AS a, $1 AS b, $2 AS c", (1, "x"), ("x", 1, "x")),
        ("SELECT $b AS x, $a AS y", (1, "x"), (1, "x")),
        ("SELECT ? + 1 AS a", (2,), (3,)),
        ("SELECT 'x' || ? AS a", ("b",), ("xb",)),
        ("SELECT 'x' || ? AS a", (None,), (None,)),
        ("SELECT lower(?) || ('y' || ?) || 'z' AS a", ("B", "c"), ("bycz",)),
        ("SELECT b || $1 AS a FROM (VALUES ('q')) t(b) GROUP BY b || $1 ORDER BY b || $1", ("c",), ("qc",)),
        ("SELECT (SELECT 'b' LIMIT ?) || 'x' AS a", (1,), ("bx",)),
        ("SELECT a FROM (VALUES (1), (2), (3)) t(a) WHERE a > ? ORDER BY a LIMIT ?", (1, 1), (2,)),
        ("SELECT a FROM (VALUES ('x'), ('y')) t(a) WHERE a LIKE ?", ("x%",), ("x",)),
        ("SELECT a FROM (VALUES (1), (2)) t(a) WHERE a IN (?, ?) ORDER BY a DESC LIMIT 1", (1, 2), (2,)),
        ("SELECT a FROM (VALUES (DATE '2024-01-02')) t(a) WHERE a BETWEEN ? AND ?",
         (date(2024, 1, 1), date(2024, 1, 3)), (date(2024, 1, 2),)),
        ("SELECT sum(a) AS s FROM range(10) t(a) WHERE a < ?", (4,), (6,)),
        ("SELECT len(?::FLOAT[]) AS n", ([1.0, 2.0],), (2,)),
        ("WITH t AS (SELECT ? AS a) SELECT a FROM t", ("x",), ("x",)),
        ("SELECT '?' AS a, ? AS b -- ?", (5,), ("?", 5)),
        ("SELECT ?::DECIMAL(9,2) AS d", (Decimal("1.25"),), (Decimal("1.25"),)),
        ("SELECT ?::TIMESTAMPTZ AS t", (datetime(2024, 1, 1, tzinfo=UTC),), (datetime(2024, 1, 1, tzinfo=UTC),)),
        ("SELECT ?::INTERVAL + DATE '2024-01-01' = DATE '2024-01-03' AS t", (timedelta(days=2),), (True,)),
    ],
)  # fmt: skip
def test_parameters_are_bound_by_position_and_by_name(
    connection: dbapi.Connection, text: str, values: tuple[Any, ...], expected: tuple[Any, ...]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        assert cursor.fetchone() == expected


@pytest.mark.parametrize("values", [(1,), (1, 2, 3)])
def test_a_wrong_number_of_values_is_refused_naming_both_numbers(
    connection: dbapi.Connection, values: tuple[int, ...]
) -> None:
    error = refusal(lambda: query(connection, "SELECT ? AS a, ? AS b", values))
    assert error.code == "invalid_argument"
    assert "2 parameters" in error.message
    assert str(len(values)) in error.message


def test_no_values_at_all_are_refused(connection: dbapi.Connection) -> None:
    assert "2 parameters" in refusal(lambda: query(connection, "SELECT ? AS a, ? AS b")).message


def test_two_rows_of_values_are_refused_for_a_query(connection: dbapi.Connection) -> None:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ? AS a", pa.record_batch([pa.array([1, 2])], ["0"]))
            cursor.fetchall()

    assert "one row" in refusal(run).message


def test_the_schema_of_parameters_has_a_field_for_each(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_typed (i INTEGER, d DECIMAL(9,2), t TIMESTAMP, l FLOAT[])")
    with connection.cursor() as cursor:
        schema = cursor.adbc_prepare("SELECT * FROM door_typed WHERE i = ? AND d > ? AND t < ? AND ?::BIGINT > 0 AND ?")
    assert schema is not None
    expected = [pa.int32(), pa.decimal128(9, 2), pa.timestamp("ms"), pa.int64(), pa.string()]
    assert [field.type for field in schema] == expected


def test_the_schema_of_parameters_of_dml_has_a_field_for_each(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_typed_dml (i INTEGER, t VARCHAR)")
    with connection.cursor() as cursor:
        schema = cursor.adbc_prepare("INSERT INTO door_typed_dml VALUES (?, ?)")
    assert schema is not None
    assert len(schema) == 2


def test_a_statement_is_prepared_once_and_run_with_many_values(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_prepare("SELECT ? * 2 AS v")
        for value in range(5):
            cursor.execute("SELECT ? * 2 AS v", (value,))
            assert cursor.fetchone() == (value * 2,)


def test_preparing_runs_nothing(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_prepare("CREATE TABLE prepared_only (a INTEGER)")
        cursor.adbc_prepare("CALL create_index(name := 'prepared_only', dataset := 'x', key_column := 'a')")
    found = query(connection, "SELECT * FROM catalog.datasets WHERE dataset = 'prepared_only'")
    assert found.num_rows == 0


def test_dml_runs_once_per_row_of_values(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_many (i INTEGER, t VARCHAR, l FLOAT[])")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO door_many VALUES (?, ?, ?)", [(i, f"t{i}", [i / 2]) for i in range(50)])
        assert cursor.rowcount == 50
    rows = query(connection, "SELECT count(*) AS n, sum(i) AS s, max(l[1]) AS m FROM door_many").to_pylist()
    assert rows == [{"n": 50, "s": 1225, "m": 24.5}]


def test_no_row_of_many_stays_when_one_fails(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE all_or_none (i INTEGER)")

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO all_or_none VALUES (CAST(? AS INTEGER))", [("1",), ("2",), ("three",)])

    assert "three" in refusal(run).message
    assert query(connection, "FROM all_or_none").num_rows == 0


def test_an_update_with_values_changes_the_rows_it_names(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_changed AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(i, t)")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE door_changed SET t = $new WHERE i = $at", ("c", 2))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM door_changed WHERE t = ?", ("a",))
    assert query(connection, "FROM door_changed").to_pylist() == [{"i": 2, "t": "c"}]


def test_values_that_carry_names_are_bound_by_name(connection: dbapi.Connection) -> None:
    values = pa.record_batch([pa.array(["x"]), pa.array([1])], ["a", "b"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT $b AS x, $a AS y", values)
        assert cursor.fetchone() == (1, "x")


def test_not_a_number_is_bound_as_such_and_not_as_null(connection: dbapi.Connection) -> None:
    text = "SELECT isnan(?::DOUBLE) AS n, isnan((?::DOUBLE[])[2]) AS l"
    rows = query(connection, text, (float("nan"), [1.0, float("nan")])).to_pylist()
    assert rows == [{"n": True, "l": True}]


def test_a_value_of_a_type_that_duckdb_lacks_is_refused_naming_it(connection: dbapi.Connection) -> None:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ? AS v", pa.record_batch([pa.array([1.5], pa.float16())], ["0"]))
            cursor.fetchall()

    error = refusal(run)
    assert error.code == "invalid_argument"
    assert "halffloat" in error.message


def test_an_operation_is_called_with_bound_arguments(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE bound_call (a INTEGER)")
    text = "CALL set_metadata(dataset := ?, owner := ?, tags := ?)"
    rows = query(connection, text, ("bound_call", "it's ann", ["x", "y"])).to_pylist()
    assert {row["key"]: row["value"] for row in rows} == {"owner": "it's ann", "tags": '["x", "y"]'}


def test_a_call_without_its_values_runs_nothing(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE unbound_call (a INTEGER)")
    refusal(lambda: query(connection, "CALL set_metadata(dataset := 'unbound_call', owner := ?)"))
    rows = query(connection, "SELECT owner FROM catalog.datasets WHERE dataset = 'unbound_call'").to_pylist()
    assert rows == [{"owner": None}]


def test_values_never_become_sql(connection: dbapi.Connection) -> None:
    text = "'; DROP TABLE door_many; --"
    assert query(connection, "SELECT ? AS v", (text,)).to_pylist() == [{"v": text}]


def test_closed_statement_handle_is_rejected(bare: Bare) -> None:
    handle = _prepare(bare, "SELECT 1 AS one")
    command = sql.CommandPreparedStatementQuery(prepared_statement_handle=handle)
    ticket = bare.info(command).endpoints[0].ticket
    assert bare.get(ticket).num_rows == 1
    close = sql.ActionClosePreparedStatementRequest(prepared_statement_handle=handle)
    bare.act("ClosePreparedStatement", pack(close))
    for again in (
        lambda: bare.info(command),
        lambda: bare.schema(command),
        lambda: bare.get(ticket),
        lambda: bare.put(sql.CommandPreparedStatementUpdate(prepared_statement_handle=handle)),
        lambda: bare.act("ClosePreparedStatement", pack(close)),
    ):
        assert refusal(again).code == "not_found"


def test_a_statement_of_another_session_is_not_found(bare: Bare, server: Server) -> None:
    handle = _prepare(bare, "SELECT 1 AS one")
    with Bare(server) as other:
        command = sql.CommandPreparedStatementQuery(prepared_statement_handle=handle)
        assert refusal(lambda: other.info(command)).code == "not_found"


@pytest.mark.parametrize("text", ["CREATE TABLE p (a INTEGER)", "INSERT INTO x VALUES (1)", "SET TimeZone = 'UTC'"])
def test_what_gives_no_rows_is_told_by_an_empty_dataset_schema(bare: Bare, text: str) -> None:
    assert _prepared(bare, text).dataset_schema == b""


@pytest.mark.parametrize("text", ["SELECT 1 AS a", "CALL health()", "EXPLAIN SELECT 1"])
def test_what_gives_rows_is_told_by_its_dataset_schema(bare: Bare, text: str) -> None:
    result = _prepared(bare, text)
    promised = pa.ipc.read_schema(pa.py_buffer(result.dataset_schema))
    command = sql.CommandPreparedStatementQuery(prepared_statement_handle=result.prepared_statement_handle)
    info = bare.info(command)
    assert promised.names == info.schema.names == bare.get(info.endpoints[0].ticket).schema.names


def _prepared(bare: Bare, text: str) -> sql.ActionCreatePreparedStatementResult:
    (body,) = bare.act("CreatePreparedStatement", pack(sql.ActionCreatePreparedStatementRequest(query=text)))
    result = sql.ActionCreatePreparedStatementResult()
    assert bare.unpacked(body).Unpack(result)
    return result


def _prepare(bare: Bare, text: str) -> bytes:
    return _prepared(bare, text).prepared_statement_handle
