"""The query log: a row per statement and operation that ended, without its text."""

from typing import Any

import pytest
from adbc_driver_manager import dbapi

from tests.door.bare import refusal
from tests.harness import Server, query

LATEST = """SELECT kind, status, error_code, row_count, principal, session_id, statement_hmac, duration_ms
    FROM catalog.query_log ORDER BY started_at DESC LIMIT 1"""


def logged(connection: dbapi.Connection) -> dict[str, Any]:
    """The record of the statement before: a statement's own is written when it has ended."""
    return query(connection, LATEST).to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "kind", "rows"),
    [
        ("SELECT * FROM range(7)", "query", 7),
        ("CREATE OR REPLACE TABLE logged AS SELECT 1 AS a", "update", 1),
        ("EXPLAIN SELECT 1", "rows", 1),
        ("SET TimeZone = 'UTC'", "set", 0),
        ("CALL health()", "health", 1),
    ],
)
def test_a_statement_that_ended_well_is_recorded(connection: dbapi.Connection, text: str, kind: str, rows: int) -> None:
    query(connection, text)
    record = logged(connection)
    assert (record["kind"], record["status"], record["row_count"]) == (kind, "ok", rows)
    assert record["principal"] == "admin"
    assert record["duration_ms"] > 0


def test_a_statement_that_failed_is_recorded_with_its_code(connection: dbapi.Connection) -> None:
    refusal(lambda: query(connection, "INSERT INTO not_there VALUES (1)"))
    record = logged(connection)
    assert (record["kind"], record["status"], record["error_code"]) == ("update", "failed", "sql_error")
    assert record["row_count"] is None


def test_an_operation_that_failed_is_recorded_with_its_code(connection: dbapi.Connection) -> None:
    refusal(lambda: query(connection, "CALL set_metadata(dataset := 'not_there', owner := 'x')"))
    record = logged(connection)
    assert (record["kind"], record["status"], record["error_code"]) == ("set_metadata", "failed", "not_found")


def test_an_operation_by_do_action_is_recorded(server: Server, connection: dbapi.Connection) -> None:
    with server.operations() as operations:
        operations.call("health")
    assert logged(connection)["kind"] == "health"


def test_the_same_text_has_the_same_hmac_and_the_text_is_nowhere(connection: dbapi.Connection) -> None:
    query(connection, "SELECT 'a secret value' AS s")
    first = logged(connection)["statement_hmac"]
    query(connection, "SELECT 'a secret value' AS s")
    assert logged(connection)["statement_hmac"] == first
    query(connection, "SELECT 'another value' AS s")
    assert logged(connection)["statement_hmac"] != first
    assert "secret" not in str(query(connection, "SELECT * FROM catalog.query_log").to_pylist())


def test_statements_of_one_connection_share_a_session(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "SELECT 1 AS one")
    mine = logged(connection)["session_id"]
    assert logged(connection)["session_id"] == mine
    with server.connect() as other:
        query(other, "SELECT 1 AS one")
        assert logged(other)["session_id"] != mine


def test_a_result_that_was_left_is_recorded_as_it_ends(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM range(50_000_000)")
        cursor.fetchone()
    text = "SELECT * FROM catalog.query_log WHERE kind = 'query' AND row_count BETWEEN 1 AND 50_000_000"
    assert query(connection, text).num_rows > 0


def test_the_log_is_in_the_lake_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("log") / "data"
    with Server(data, "--query-log-flush-s", "3600") as server:
        server.rows("SELECT 42 AS n")
        assert server.rows("SELECT count(*) AS n FROM catalog.query_log")[0]["n"] > 0
        assert server.rows("SELECT count(*) AS n FROM catalog.query_log_entries")[0]["n"] == 0
        before = server.rows("SELECT statement_id FROM catalog.query_log")
    with Server(data) as server:
        kept = server.rows("SELECT statement_id FROM catalog.query_log_entries")
        assert {row["statement_id"] for row in before} <= {row["statement_id"] for row in kept}
        assert len({row["statement_id"] for row in kept}) == len(kept)


def test_the_log_is_flushed_when_it_is_full_and_nothing_comes_twice(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--query-log-flush-s", "3600", "--query-log-rows-max", "20"]
    with Server(tmp_path_factory.mktemp("full") / "data", *flags) as server, server.connect() as connection:
        for number in range(60):
            query(connection, f"SELECT {number} AS n")
        found = query(connection, "SELECT count(*) AS n, count(DISTINCT statement_id) AS d FROM catalog.query_log")
        row = found.to_pylist()[0]
        assert row["n"] == row["d"] >= 60
        assert query(connection, "SELECT count(*) AS n FROM catalog.query_log_entries").to_pylist()[0]["n"] >= 20
