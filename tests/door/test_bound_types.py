"""What a prepared statement asks its parameters in, and what it takes: JDBC builds its values from the answer."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

TABLE = "bound_types"


@pytest.fixture(scope="module")
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        client.update(
            f"""CREATE OR REPLACE TABLE {TABLE} (i INTEGER, n BIGINT, s VARCHAR, d DATE, t TIME, ts TIMESTAMP,
            z TIMESTAMPTZ, x DECIMAL(10, 2), b BLOB, f DOUBLE, y BOOLEAN, u UUID, l INTEGER[], r STRUCT(a INTEGER))"""
        )
        yield client
        client.update(f"DROP TABLE {TABLE}")


def prepare(client: Bare, text: str) -> Any:
    body = pack(sql.ActionCreatePreparedStatementRequest(query=text))
    created = sql.ActionCreatePreparedStatementResult()
    assert client.unpacked(client.act("CreatePreparedStatement", body)[0]).Unpack(created)
    return created


def asked(client: Bare, text: str) -> list[pa.DataType]:
    return pa.ipc.read_schema(pa.py_buffer(prepare(client, text).parameter_schema)).types


@pytest.mark.parametrize(
    ("text", "types"),
    [
        (f"INSERT INTO {TABLE} (i, s) VALUES (?, ?)", [pa.int32(), pa.string()]),
        (f"INSERT INTO {TABLE} (x, n) VALUES (?, ?), (?, ?)", [pa.decimal128(10, 2), pa.int64()] * 2),
        (
            f"INSERT INTO {TABLE} (s, n) SELECT upper(?), ? FROM {TABLE} WHERE d = ?",
            [pa.string(), pa.int64(), pa.date32()],
        ),
        (f"UPDATE {TABLE} SET d = ?, f = ? WHERE n = ? AND y IS NOT NULL", [pa.date32(), pa.float64(), pa.int64()]),
        (f"DELETE FROM {TABLE} WHERE i IN (?, ?) OR b = ?", [pa.int32(), pa.int32(), pa.binary()]),
        (f"DELETE FROM {TABLE} WHERE y = ?", [pa.bool_()]),
        (
            f"MERGE INTO {TABLE} t USING (SELECT ?::BIGINT AS k) q ON t.n = q.k WHEN MATCHED THEN UPDATE SET d = ? "
            "WHEN NOT MATCHED THEN INSERT (n, f) VALUES (q.k, ?)",
            [pa.int64(), pa.date32(), pa.float64()],
        ),
        # What the JDBC driver can bind: milliseconds, and text for what it knows no way for.
        (f"INSERT INTO {TABLE} (t, ts) VALUES (?, ?)", [pa.time32("ms"), pa.timestamp("ms")]),
        (f"INSERT INTO {TABLE} (z, r) VALUES (?, ?)", [pa.string(), pa.string()]),
        (f"SELECT * FROM {TABLE} WHERE ts > ? AND z < ?", [pa.timestamp("ms"), pa.string()]),
        ("SELECT ?::INTERVAL, ?::JSON, ?::STRUCT(a INTEGER)", [pa.string()] * 3),
        ("INSERT INTO is_not_there VALUES (?)", [pa.string()]),
    ],
)
def test_parameters_have_the_types_of_what_they_meet(bare: Bare, text: str, types: list[pa.DataType]) -> None:
    assert asked(bare, text) == types


def test_a_text_is_taken_for_what_was_asked_for_as_text(connection: dbapi.Connection) -> None:
    moment = dt.datetime(2024, 2, 29, 11, 34, 56, tzinfo=dt.UTC)
    query(connection, f"INSERT INTO {TABLE} (i, z) VALUES (77, ?)", ("2024-02-29 12:34:56+01",))
    assert query(connection, f"SELECT i FROM {TABLE} WHERE z = ?", ("2024-02-29 11:34:56Z",))["i"].to_pylist() == [77]
    assert query(connection, f"SELECT z FROM {TABLE} WHERE i = ?", (77,))["z"][0].as_py() == moment
    found = query(connection, "SELECT TIMESTAMP '2024-01-01' + ?::INTERVAL AS t", ("36 hours",))["t"][0].as_py()
    assert found == dt.datetime(2024, 1, 2, 12)
    error = refusal(lambda: query(connection, f"SELECT i FROM {TABLE} WHERE z = ?", ("not a time",)))
    assert error.code == "invalid_argument"


def test_values_of_other_types_are_taken_as_they_are(connection: dbapi.Connection) -> None:
    moment = dt.datetime(2024, 2, 29, 12, 34, 56, 789_123)
    query(connection, f"INSERT INTO {TABLE} (i, ts) VALUES (?, ?)", (78, moment))
    assert query(connection, f"SELECT ts FROM {TABLE} WHERE i = 78")["ts"][0].as_py() == moment


@pytest.mark.parametrize("unit", ["S", "MS", "NS"])
def test_a_timestamp_in_milliseconds_is_taken_for_one_of_any_unit(connection: dbapi.Connection, unit: str) -> None:
    moment = dt.datetime(2024, 2, 29, 12, 34, 56)
    bound = pa.record_batch({"0": pa.array([moment], pa.timestamp("ms"))})
    assert query(connection, f"SELECT ?::TIMESTAMP_{unit} AS t", bound)["t"].to_pylist() == [moment]


def test_ddl_answers_with_no_row_changed(bare: Bare) -> None:
    assert bare.update(f"CREATE OR REPLACE TABLE {TABLE}_2 (i INTEGER)") == 0
    assert bare.update(f"DROP TABLE {TABLE}_2") == 0
