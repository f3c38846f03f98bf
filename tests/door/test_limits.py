"""Every bound of the front door, reached on a server whose bounds are tiny: the error names the bound."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations, connect
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server, query

ENDLESS = "SELECT count(*) AS n FROM range(1_000_000) a, range(1_000_000) b WHERE a.range + b.range = -1"
FLAGS = {
    "statement-s-max": "3",
    "statements-running-max": "1",
    "statements-queued-max": "1",
    "queue-wait-s-max": "1.5",
    "sessions-max": "6",
    "session-idle-s-max": "600",
    "prepared-max": "3",
    "result-held-bytes-max": str(1 << 20),
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of which every bound is within reach."""
    flags = [part for name, value in FLAGS.items() for part in (f"--{name}", value)]
    with Server(tmp_path_factory.mktemp("tiny") / "data", *flags) as server:
        yield server


@pytest.fixture(scope="module")
def connection(tiny: Server) -> Iterator[dbapi.Connection]:
    with tiny.connect() as opened:
        yield opened


def until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_a_statement_that_runs_too_long_is_ended(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error) as raised:
        query(connection, ENDLESS)
    assert raised.value.status_code.name == "TIMEOUT"
    error = refusal(lambda: query(connection, ENDLESS))
    assert error.code == "statement_timeout"
    assert "statement_s_max" in error.message
    assert query(connection, "SELECT 1 AS one").num_rows == 1


def test_a_write_that_runs_too_long_leaves_nothing(connection: dbapi.Connection) -> None:
    assert refusal(lambda: query(connection, f"CREATE TABLE late AS {ENDLESS}")).code == "statement_timeout"
    assert query(connection, "SELECT * FROM catalog.datasets WHERE dataset = 'late'").num_rows == 0


def test_a_full_queue_and_a_long_wait_are_refused_naming_the_bound(tiny: Server, connection: dbapi.Connection) -> None:
    def busy(key: str) -> int:
        (row,) = operations.call("health")
        return int(row[key])

    with tiny.operations() as operations, ThreadPoolExecutor(2) as pool:
        running = pool.submit(refusal, lambda: query(connection, ENDLESS))
        until(lambda: busy("statements_running") == 1)
        waiting = pool.submit(refusal, lambda: query(connection, "SELECT 1 AS one"))
        until(lambda: busy("statements_queued") == 1)
        refused = refusal(lambda: query(connection, "SELECT 2 AS two"))
        assert (refused.code, "statements_queued_max" in refused.message) == ("limit_exceeded", True)
        waited = waiting.result()
        assert (waited.code, "queue_wait_s_max" in waited.message) == ("limit_exceeded", True)
        assert running.result().code == "statement_timeout"
        until(lambda: busy("statements_running") == 0)


def test_places_are_given_back_however_statements_end(connection: dbapi.Connection) -> None:
    for _ in range(3):
        refusal(lambda: query(connection, "SELECT error('broken') FROM range(10)"))
        refusal(lambda: query(connection, "SELECT nothing"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM range(3_000_000)")
            cursor.fetchone()
        query(connection, "CREATE OR REPLACE TABLE placed (a INTEGER)")
    assert query(connection, "SELECT 1 AS one").num_rows == 1


def test_more_sessions_than_allowed_are_refused_until_one_ends(tiny: Server, connection: dbapi.Connection) -> None:
    query(connection, "SELECT 1 AS one")
    opened: list[dbapi.Connection] = []

    def fill() -> None:
        while len(opened) <= int(FLAGS["sessions-max"]):
            opened.append(connect(tiny.uri, "admin", PASSWORD))

    try:
        error = refusal(fill)
        assert error.code == "limit_exceeded"
        assert "sessions_max" in error.message
        opened.pop().close()
        opened.append(connect(tiny.uri, "admin", PASSWORD))
    finally:
        for one in opened:
            one.close()


def test_more_prepared_statements_than_allowed_are_refused_until_one_is_closed(tiny: Server) -> None:
    with tiny.connect() as own:
        cursors = [own.cursor() for _ in range(4)]
        for cursor in cursors[:3]:
            cursor.adbc_prepare("SELECT 1 AS one")
        error = refusal(lambda: cursors[3].adbc_prepare("SELECT 1 AS one"))
        assert error.code == "limit_exceeded"
        assert "prepared_max" in error.message
        cursors.pop(0).close()
        cursors.append(own.cursor())
        cursors[-1].adbc_prepare("SELECT 1 AS one")
        for cursor in cursors:
            cursor.close()


def test_a_result_too_large_to_wait_is_refused_naming_the_bound(connection: dbapi.Connection) -> None:
    rows = "SELECT range AS r, range % 2 AS k, repeat('x', 50) AS v FROM range(100_000)"
    error = refusal(lambda: query(connection, f"PIVOT ({rows}) ON k USING count(*) GROUP BY r, v"))
    assert error.code == "limit_exceeded"
    assert "result_held_bytes_max" in error.message


def test_an_open_result_too_large_to_set_aside_is_refused_naming_the_bound(tiny: Server) -> None:
    options = {"username": "admin", "password": PASSWORD}
    with flightsql.connect(tiny.uri, db_kwargs=options, autocommit=False) as own, own.cursor() as cursor:
        cursor.execute("SELECT range, repeat('x', 200) AS v FROM range(2_000_000)")
        cursor.fetchone()
        error = refusal(lambda: query(own, "SELECT 1 AS one"))
        assert error.code == "limit_exceeded"
        assert "result_held_bytes_max" in error.message


def test_results_that_nobody_fetches_make_room_for_newer_ones(tiny: Server) -> None:
    with Bare(tiny) as bare:
        command = sql.CommandStatementQuery(query="EXPLAIN SELECT 1")
        tickets = [bare.info(command).endpoints[0].ticket for _ in range(70)]
        assert refusal(lambda: bare.get(tickets[0])).code == "not_found"
        assert bare.get(tickets[-1]).num_rows == 1


def test_a_session_that_is_idle_for_too_long_ends_and_makes_room(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--session-idle-s-max", "1", "--sessions-max", "1"]
    with Server(tmp_path_factory.mktemp("idle") / "data", *flags) as server, Bare(server) as idle:
        idle.update("CREATE TEMP TABLE mine (a INTEGER)")

        def has_room() -> bool:
            try:
                Operations(server.uri, "admin", PASSWORD).close()
            except LakehouseError as error:
                return error.code != "limit_exceeded"
            return True

        assert not has_room()
        until(has_room)
        assert refusal(lambda: idle.query("FROM mine")).code == "unauthenticated"


def test_a_statement_behind_another_of_its_session_waits_as_long_as_in_the_queue(tiny: Server) -> None:
    """Temporary objects live on one cursor, so the statements of such a session run one after another."""
    with Bare(tiny) as bare, ThreadPoolExecutor(1) as pool, tiny.operations() as operations:
        bare.update("CREATE TEMP TABLE kept AS SELECT 1 AS a")
        endless = bare.info(sql.CommandStatementQuery(query=ENDLESS)).endpoints[0].ticket
        running = pool.submit(refusal, lambda: bare.get(endless))
        until(lambda: operations.call("health")[0]["statements_running"] == 1)
        error = refusal(lambda: bare.query("SELECT * FROM kept"))
        assert (error.code, "queue_wait_s_max" in error.message) == ("limit_exceeded", True)
        assert running.result().code == "statement_timeout"
