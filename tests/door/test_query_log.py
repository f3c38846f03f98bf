"""The query log: a row per statement and operation that ended, without its text."""

import json
import resource
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python.errors import LakehouseError
from tests.door.bare import refusal
from tests.harness import Server, query

QUIET = ("--query-log-flush-s", "3600", "--journal-flush-s", "3600")  # nothing is written but by what the test does
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


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("SELECT no_such_column", "query", "sql_error"),
        ("SELEC 1", "unknown", "sql_error"),
        ("ATTACH 'x.db'", "unknown", "permission_denied"),
    ],
)
def test_what_is_refused_before_it_runs_is_recorded(
    connection: dbapi.Connection, text: str, kind: str, code: str
) -> None:
    refusal(lambda: query(connection, text))
    record = logged(connection)
    assert (record["kind"], record["status"], record["error_code"]) == (kind, "failed", code)


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


def test_operations_by_names_that_nobody_would_give_one_are_recorded_too(data: Path) -> None:
    names = ["", " ", "a\0b", "n" * 10_000, "'); DROP", "\N{PILE OF POO}" * 300, "\n", "\U0010ffff"]
    with Server(data, *QUIET) as server:
        with server.operations() as operations:
            for name in names:
                with pytest.raises(LakehouseError, match="there is no operation"):
                    operations.call(name)
        server.stop()
        server.start()
        rows = server.rows("SELECT kind FROM catalog.query_log_entries WHERE error_code = 'not_found'")
        kinds = {row["kind"] for row in rows}
        assert len(rows) == len(names)
        assert {name.lower() for name in names if len(name) < 10} < kinds


def test_the_log_is_flushed_when_it_is_full_and_nothing_comes_twice(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--query-log-flush-s", "3600", "--query-log-rows-max", "20"]
    with Server(tmp_path_factory.mktemp("full") / "data", *flags) as server, server.connect() as connection:
        for number in range(60):
            query(connection, f"SELECT {number} AS n")
        found = query(connection, "SELECT count(*) AS n, count(DISTINCT statement_id) AS d FROM catalog.query_log")
        row = found.to_pylist()[0]
        assert row["n"] == row["d"] >= 60
        assert query(connection, "SELECT count(*) AS n FROM catalog.query_log_entries").to_pylist()[0]["n"] >= 20


def test_reader_sees_every_record_once_while_they_move_into_the_lake(data: Path) -> None:
    text = """SELECT count(*) AS n, count(DISTINCT sequence) AS d, max(sequence) - min(sequence) + 1 AS span
        FROM catalog.query_log"""
    with Server(data, "--query-log-rows-max", "3") as server, server.connect() as reader:
        stop = threading.Event()

        def work() -> None:
            with server.connect() as connection:
                while not stop.is_set():
                    query(connection, "SELECT 1 AS one")

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        try:
            query(reader, "SELECT 1 AS one")
            seen = [query(reader, text).to_pylist()[0] for _ in range(25)]
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        assert all(row["n"] == row["d"] == row["span"] for row in seen)
        assert [row["n"] for row in seen] == sorted(row["n"] for row in seen)
        assert server.rows("SELECT count(*) AS n FROM catalog.query_log_entries")[0]["n"] > 10


def test_records_tell_the_bytes_of_their_result_and_their_place(connection: dbapi.Connection) -> None:
    query(connection, "SELECT range AS n FROM range(1000)")
    latest = "SELECT result_bytes, sequence FROM catalog.query_log ORDER BY sequence DESC LIMIT 1"
    first = query(connection, latest).to_pylist()[0]
    assert 8000 <= first["result_bytes"] < 9000
    second = query(connection, latest).to_pylist()[0]
    assert second["sequence"] > first["sequence"]


def lines_of(server: Server) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if line["area"] == "statements"]


def test_each_statement_has_a_log_line_with_the_hash_of_its_text(data: Path) -> None:
    with Server(data) as server:
        server.rows("SELECT range AS n FROM range(7)")
        refusal(lambda: server.rows("INSERT INTO not_there VALUES (1)"))
        records = server.rows("SELECT * FROM catalog.query_log ORDER BY sequence")
        server.stop()
        lines = lines_of(server)
    for record, line in zip(records, lines, strict=False):
        for name in ("statement_id", "session_id", "principal", "kind", "statement_hmac", "duration_ms", "status"):
            assert line[name] == record[name]
        assert (line["rows"], line["bytes"]) == (record["row_count"], record["result_bytes"])
        assert (line["code"], line["level"]) == (record["error_code"], "info")
    assert len(lines) == len(records) + 1  # that of the query for the records
    assert {"ok", "failed"} == {line["status"] for line in lines}


@pytest.mark.parametrize("flags", [("--log-statements", "false"), ("--log-level", "warning")])
def test_lines_of_statements_can_be_left_out(data: Path, flags: tuple[str, str]) -> None:
    with Server(data, *flags) as server:
        server.rows("SELECT 1 AS one")
        server.stop()
        assert lines_of(server) == []


def until_refused(run: Callable[[int], object]) -> str:
    """The message of the first refusal."""
    for number in range(10_000):
        try:
            run(number)
        except dbapi.Error as error:
            return str(error)
    raise AssertionError("nothing was refused")


def test_statement_that_cant_be_recorded_is_refused_and_the_next_ones_do_not_run(data: Path) -> None:
    """A limit on the size of files stands for a full disk: only the log's file is near it."""
    with (
        Server(data, *QUIET, "--log-level", "error") as server,
        server.connect() as connection,
    ):
        query(connection, "CREATE TABLE kept (a INTEGER)")
        for number in range(300):
            query(connection, f"SELECT {number} AS n")
        [segment] = (data / "log").iterdir()
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (segment.stat().st_size + 1000, resource.RLIM_INFINITY))
        told = until_refused(lambda number: query(connection, f"SELECT {number} AS n"))
        assert "the statement has run, but its end could not be recorded" in told
        assert "[log_unavailable]" in told
        for text in ("INSERT INTO kept VALUES (1)", "SELECT 1 AS one", "CALL health()"):
            assert "the log can't be written" in str(refusal(partial(query, connection, text)))
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert query(connection, "SELECT count(*) AS n FROM kept").to_pylist() == [{"n": 0}]
        query(connection, "INSERT INTO kept VALUES (2)")
        assert logged(connection)["status"] == "ok"


def test_log_that_is_full_is_written_to_the_lake_and_statements_go_on(data: Path) -> None:
    flags = ("--query-log-flush-s", "3600", "--log-bytes-max", "65536", "--log-level", "error")
    with Server(data, *flags) as server, server.connect() as connection:
        told = until_refused(lambda number: query(connection, f"SELECT {number} AS n"))
        assert "bound: log_bytes_max" in told
        count = "SELECT count(*) AS n FROM catalog.query_log_entries"
        while (answer := attempt(lambda: query(connection, count).to_pylist()[0]["n"])) is None:
            pass
        assert answer > 200


def attempt(run: Callable[[], int]) -> int | None:
    try:
        return run()
    except dbapi.Error:
        return None
