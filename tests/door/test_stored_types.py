"""A type that the lake can't write is refused, and does not end the server."""

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.erasure.people import refused
from tests.harness import query


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE fine_times (a TIME_NS)",
        "CREATE TABLE fine_times AS SELECT '01:02:03.123456789'::TIME_NS AS a",
        "CREATE TABLE fine_times AS SELECT {'a': ['01:02:03'::TIME_NS]} AS a",
        "CREATE OR REPLACE TABLE fine_times AS FROM held_times",
        "CREATE TABLE main.fine_times AS (WITH t AS (FROM held_times) SELECT a FROM t)",
        "ALTER TABLE coarse_times ADD COLUMN b TIME_NS",
        "ALTER TABLE coarse_times ALTER a TYPE TIME_NS",
    ],
)
def test_times_in_nanoseconds_are_not_stored(connection: dbapi.Connection, text: str) -> None:
    query(connection, "CREATE OR REPLACE TABLE coarse_times (a TIME)")
    query(connection, "CREATE OR REPLACE TEMP TABLE held_times AS SELECT '01:02:03.123456789'::TIME_NS AS a")
    assert refused(connection, text).code == "unsupported"
    assert query(connection, "SELECT a::VARCHAR AS a FROM held_times").to_pylist() == [{"a": "01:02:03.123456789"}]


def test_ingested_times_keep_their_microseconds(connection: dbapi.Connection) -> None:
    rows = pa.table({"a": pa.array([3_723_123_456_789, None], pa.time64("ns"))})
    with connection.cursor() as cursor:
        cursor.adbc_ingest("ingested_times", rows, mode="create")
    found = query(connection, "SELECT a::VARCHAR AS a FROM ingested_times").to_pylist()
    assert found == [{"a": "01:02:03.123456"}, {"a": None}]
