"""Personal data is looked for where rows arrive, in the commit that brings them; facts stay with their columns."""

import base64

import pytest
from adbc_driver_manager import dbapi

from clients.python import Operations
from tests.harness import Server, manual, query
from tests.pii.conftest import Told
from tests.pii.people import MAILS, mails, scans

CSV = b"n,c\n" + b"".join(b"%d,user%d@example.org\n" % (number, number) for number in range(50))


def send(operations: Operations, dataset: str, content: bytes, **more: str) -> None:
    text = base64.b64encode(content).decode()
    operations.call("ingest_file", dataset=dataset, content=text, file_name="mails.csv", **more)


def test_file_stream_and_create_table_as_are_looked_at(
    server: Server, connection: dbapi.Connection, operations: Operations, kinds: Told
) -> None:
    send(operations, "pii_file", CSV)
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_stream", mails(), mode="create")
        cursor.adbc_ingest("pii_stream_either", mails(), mode="create_append")
    query(connection, f"CREATE TABLE pii_ctas AS {MAILS}")
    query(connection, f"CREATE TABLE IF NOT EXISTS pii_ctas_if AS ({MAILS})")
    query(connection, "CREATE SCHEMA pii_other")
    query(connection, f"CREATE TABLE pii_other.Mails (n, c) AS {MAILS}")
    for dataset in ("pii_file", "pii_stream", "pii_stream_either", "pii_ctas", "pii_ctas_if", "pii_other.Mails"):
        assert kinds(dataset) == {"c": "email"}, dataset
        one_commit = (
            "SELECT count(*) AS n FROM catalog.pii_scan_events e JOIN catalog.snapshots s USING (snapshot_id) "
            "WHERE table_name = ? AND contains(changes_made::VARCHAR, 'created_table')"
        )
        assert server.rows(one_commit, (dataset.rpartition(".")[2],)) == [{"n": 1}], dataset


def test_temporary_tables_and_refused_statements_leave_no_trace(server: Server, connection: dbapi.Connection) -> None:
    query(connection, f"CREATE TEMP TABLE pii_temporary AS {MAILS}")
    query(connection, f"CREATE TABLE pii_there AS {MAILS}")
    with pytest.raises(dbapi.Error):
        query(connection, f"CREATE TABLE pii_there AS {MAILS}")
    query(connection, f"CREATE TABLE IF NOT EXISTS pii_there AS {MAILS}")
    assert scans(server, "pii_temporary") == []
    assert scans(server, "pii_there") == [(200, 200)]


def test_roll_back_takes_the_look_with_the_rows_and_commit_keeps_both(server: Server, kinds: Told) -> None:
    with manual(server) as connection:
        query(connection, f"CREATE TABLE pii_undone AS {MAILS}")
        connection.rollback()
        query(connection, f"CREATE TABLE pii_done AS {MAILS}")
        query(connection, f"CREATE TABLE pii_done_too AS SELECT n, c AS d FROM ({MAILS})")
        connection.commit()
    assert scans(server, "pii_undone") == []
    assert (kinds("pii_done"), kinds("pii_done_too")) == ({"c": "email"}, {"d": "email"})


def test_facts_follow_renames_and_end_with_the_table(connection: dbapi.Connection, kinds: Told, found: Told) -> None:
    query(connection, f"CREATE TABLE pii_before AS {MAILS}")
    query(connection, "ALTER TABLE pii_before RENAME TO pii_after")
    query(connection, "ALTER TABLE pii_after RENAME COLUMN c TO contact")
    assert (kinds("pii_after"), found("pii_after")) == ({"contact": "email"}, {"contact": "email"})
    query(connection, "CREATE OR REPLACE TABLE pii_after AS SELECT i AS n, 'x' AS contact FROM range(200) t(i)")
    assert (kinds("pii_after"), found("pii_after")) == ({}, {})
    query(connection, f"CREATE TABLE pii_before AS SELECT n AS c FROM ({MAILS})")
    assert kinds("pii_before") == {}


def test_append_is_looked_at_when_columns_are_new_or_the_table_has_grown_tenfold(
    server: Server, connection: dbapi.Connection, kinds: Told
) -> None:
    query(connection, "CREATE TABLE pii_grows (n BIGINT, c VARCHAR)")
    assert scans(server, "pii_grows") == []
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.adbc_ingest("pii_grows", mails(100), mode="append")
    assert scans(server, "pii_grows") == [(100, 100)]
    assert kinds("pii_grows") == {"c": "email"}
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_grows", mails(800), mode="append")
    assert scans(server, "pii_grows") == [(100, 100), (1100, 500)]
    query(connection, "ALTER TABLE pii_grows ADD COLUMN d VARCHAR")
    query(connection, "ALTER TABLE pii_grows RENAME COLUMN n TO number")
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_grows", mails(10, "d").drop_columns("n"), mode="append")
    assert [rows for rows, _ in scans(server, "pii_grows")] == [100, 1100, 1110]


def test_look_in_a_transaction_that_is_rolled_back_is_done_again(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE pii_again (n BIGINT, c VARCHAR)")
    with manual(server) as other, other.cursor() as cursor:
        for _ in range(2):
            cursor.adbc_ingest("pii_again", mails(20), mode="append")
        other.rollback()
    assert scans(server, "pii_again") == []
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_again", mails(20), mode="append")
    assert scans(server, "pii_again") == [(20, 20)]


def test_columns_that_the_transaction_renamed_and_odd_names_keep_nobody_from_loading(
    server: Server, connection: dbapi.Connection, found: Told
) -> None:
    query(connection, "CREATE TABLE pii_altered (n BIGINT, c VARCHAR)")
    with manual(server) as other, other.cursor() as cursor:
        query(other, "ALTER TABLE pii_altered RENAME COLUMN c TO d")
        cursor.adbc_ingest("pii_altered", mails(column="d"), mode="append")
        other.commit()
    assert scans(server, "pii_altered") == []
    query(connection, f"CREATE TABLE pii_odd AS SELECT 'x' AS rowid, [c] AS x0, {{'x0': c}} AS x1 FROM ({MAILS})")
    assert found("pii_odd") == {"x0[]": "email", "x1.x0": "email"}


def test_macro_of_a_clients_own_sees_no_values_and_breaks_nothing(connection: dbapi.Connection, found: Told) -> None:
    for name in ("left", "flatten", "list_transform", "struct_extract"):
        query(connection, f"CREATE TEMP MACRO \"{name}\"(a, b) AS 'shadowed'")
    query(connection, f"CREATE TABLE pii_shadowed AS SELECT c, [c] AS l FROM ({MAILS})")
    assert found("pii_shadowed") == {"c": "email", "l[]": "email"}
