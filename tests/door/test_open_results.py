"""Results that are still open when something else happens: none may lose a row in silence or hold the server up."""

import time
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, manual, query

ROWS = 4_000_000
WAIT_S = 30.0


def opened(cursor: dbapi.Cursor, rows: int = ROWS) -> pa.RecordBatchReader:
    """A result of which one batch was read."""
    cursor.execute(f"SELECT * FROM range({rows})")
    reader: pa.RecordBatchReader = cursor.fetch_record_batch()
    reader.read_next_batch()
    return reader


def test_a_rollback_under_an_open_result_is_told_to_its_reader(server: Server) -> None:
    with manual(server) as own, own.cursor() as cursor:
        reader = opened(cursor)
        own.rollback()
        with pytest.raises((dbapi.Error, OSError), match="rolled back"):
            reader.read_all()


def test_a_refused_commit_loses_no_row_of_the_open_result(data: Path) -> None:
    with Server(data, "--result-held-bytes-max", str(1 << 20)) as small, manual(small) as own, own.cursor() as cursor:
        cursor.execute(f"SELECT * FROM range({ROWS})")
        reader = cursor.fetch_record_batch()
        read = reader.read_next_batch().num_rows
        with pytest.raises(dbapi.Error, match="result_held_bytes_max"):
            own.commit()
        read += sum(batch.num_rows for batch in reader)
        assert read == ROWS


def test_a_client_that_does_not_read_gives_its_place_back_at_the_time_limit(data: Path) -> None:
    flags = ("--statements-running-max", "1", "--statement-s-max", "2", "--queue-wait-s-max", "30")
    with Server(data, *flags) as narrow:
        connection = narrow.connect()
        with connection.cursor() as stalled:
            opened(stalled, 500_000_000)
            began = time.monotonic()
            assert narrow.rows("SELECT 1 AS one") == [{"one": 1}]
            assert time.monotonic() - began < WAIT_S


def test_what_is_set_in_a_transaction_counts_in_it(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA IF NOT EXISTS elsewhere")
    query(connection, "CREATE OR REPLACE TABLE elsewhere.named_alike AS SELECT 'there' AS place")
    query(connection, "CREATE OR REPLACE TABLE named_alike AS SELECT 'here' AS place")
    with manual(server) as own:
        assert query(own, "SELECT place FROM named_alike").to_pylist() == [{"place": "here"}]
        query(own, "SET schema = 'elsewhere'")
        assert query(own, "SELECT place FROM named_alike").to_pylist() == [{"place": "there"}]


def test_a_temporary_table_made_in_a_transaction_outlives_it(server: Server) -> None:
    with manual(server) as own:
        query(own, "CREATE TEMP TABLE kept AS SELECT 5 AS n")
        own.commit()
        assert query(own, "SELECT n FROM kept").to_pylist() == [{"n": 5}]


def test_a_prepared_statement_runs_again_after_its_transaction_has_ended(server: Server) -> None:
    with manual(server) as own, own.cursor() as cursor:
        for number in (1, 2):
            cursor.execute("SELECT ? + 1 AS n", (number,))
            assert cursor.fetchall() == [(number + 1,)]
            own.commit()


def test_after_a_runtime_error_a_transaction_asks_for_its_rollback(server: Server) -> None:
    with manual(server) as own:
        with pytest.raises(dbapi.Error, match="Conversion Error"):
            query(own, "SELECT 'x'::INTEGER")
        with pytest.raises(dbapi.Error, match="roll back"):
            query(own, "SELECT 1")
        own.rollback()
        assert query(own, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_a_comment_on_a_column_that_is_not_there_is_an_error_and_the_server_lives(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE commented (a INTEGER)")
    with pytest.raises(dbapi.Error, match='"nowhere" not found'):
        query(connection, "COMMENT ON COLUMN commented.nowhere IS 'x'")
    assert query(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_an_error_of_one_statement_is_not_told_for_the_next(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error, match="no index 'never_made'"):
        query(connection, "SELECT * FROM vector_search('never_made', 'x')")
    with pytest.raises(dbapi.Error, match="no_such_table"):
        query(connection, "SELECT * FROM no_such_table")
