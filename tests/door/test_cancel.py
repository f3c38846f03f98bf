"""Cancelling: CancelFlightInfo, the older CancelQuery, and ADBC's own. Each really ends the query in DuckDB."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.flight as fl
import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.door.test_limits import ENDLESS, until
from tests.harness import Server, query

LONG = "SELECT i FROM range(100_000_000_000) t(i)"
Status = flight.CancelFlightInfoResult


@pytest.fixture
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        yield client


def info_of(info: fl.FlightInfo) -> Any:
    message = flight.FlightInfo()
    message.ParseFromString(info.serialize())
    return message


def cancel(client: Bare, info: fl.FlightInfo) -> int:
    request = flight.CancelFlightInfoRequest(info=info_of(info))
    (answer,) = client.act("CancelFlightInfo", request.SerializeToString())
    result = flight.CancelFlightInfoResult()
    result.ParseFromString(answer)
    return result.status


def read(client: Bare, info: fl.FlightInfo) -> list[Any]:
    """By chunks: pyarrow's `read_all` takes the status CANCELLED for a Ctrl-C of its own process."""
    return list(client.client.do_get(info.endpoints[0].ticket, client.options))


def running(server: Server) -> int:
    with server.operations() as operations:
        return int(operations.call("health")[0]["statements_running"])


def test_a_query_that_computes_is_cancelled(server: Server, bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query=ENDLESS))
    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(refusal, lambda: read(bare, info))
        until(lambda: running(server) > 0)
        assert cancel(bare, info) == flight.CANCEL_STATUS_CANCELLED
        assert fetched.result().code == "cancelled"
    until(lambda: running(server) == 0)
    assert bare.query("SELECT 1 AS one").num_rows == 1


def test_a_query_that_streams_is_cancelled(server: Server, bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query=LONG))
    reader = bare.client.do_get(info.endpoints[0].ticket, bare.options)
    reader.read_chunk()
    assert cancel(bare, info) == flight.CANCEL_STATUS_CANCELLED
    assert refusal(lambda: list(reader)).code == "cancelled"
    until(lambda: running(server) == 0)


def test_a_query_that_was_not_fetched_yet_is_cancelled(bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query="SELECT 7 AS seven"))
    assert cancel(bare, info) == flight.CANCEL_STATUS_CANCELLED
    assert refusal(lambda: read(bare, info)).code == "cancelled"


def test_a_query_that_was_fetched_can_not_be_cancelled_any_more(bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query="SELECT 8 AS eight"))
    assert bare.get(info.endpoints[0].ticket).num_rows == 1
    assert cancel(bare, info) == flight.CANCEL_STATUS_NOT_CANCELLABLE


def test_a_result_that_waits_is_dropped(bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query="CALL health()"))
    assert cancel(bare, info) == flight.CANCEL_STATUS_CANCELLED
    assert refusal(lambda: read(bare, info)).code == "not_found"
    assert cancel(bare, info) == flight.CANCEL_STATUS_NOT_CANCELLABLE


def test_a_prepared_query_is_cancelled_by_the_older_action(server: Server, bare: Bare) -> None:
    body = pack(sql.ActionCreatePreparedStatementRequest(query=ENDLESS))
    created = sql.ActionCreatePreparedStatementResult()
    bare.unpacked(bare.act("CreatePreparedStatement", body)[0]).Unpack(created)
    info = bare.info(sql.CommandPreparedStatementQuery(prepared_statement_handle=created.prepared_statement_handle))
    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(refusal, lambda: read(bare, info))
        until(lambda: running(server) > 0)
        answer = bare.act("CancelQuery", pack(sql.ActionCancelQueryRequest(info=info.serialize())))
        result = sql.ActionCancelQueryResult()
        assert bare.unpacked(answer[0]).Unpack(result)
        assert result.result == sql.ActionCancelQueryResult.CANCEL_RESULT_CANCELLED
        assert fetched.result().code == "cancelled"
    until(lambda: running(server) == 0)


def test_a_query_of_another_session_can_not_be_cancelled(server: Server, bare: Bare) -> None:
    info = bare.info(sql.CommandStatementQuery(query="SELECT 9 AS nine"))
    with Bare(server) as other:
        assert refusal(lambda: cancel(other, info)).code == "not_found"
    assert bare.get(info.endpoints[0].ticket).num_rows == 1


@pytest.mark.parametrize("body", [b"", b"\xff", pack(sql.ActionCancelQueryRequest(info=b"\xff\xff"))])
@pytest.mark.parametrize("action", ["CancelFlightInfo", "CancelQuery"])
def test_nonsense_is_refused(bare: Bare, action: str, body: bytes) -> None:
    assert refusal(lambda: bare.act(action, body)).code == "invalid_argument"


def test_a_statement_that_waits_for_its_turn_is_cancelled(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--statements-running-max", "1"]
    with (
        Server(tmp_path_factory.mktemp("one") / "data", *flags) as server,
        Bare(server) as first,
        Bare(server) as second,
    ):
        busy = first.info(sql.CommandStatementQuery(query=ENDLESS))
        waits = second.info(sql.CommandStatementQuery(query="SELECT 10 AS ten"))
        with ThreadPoolExecutor(2) as pool:
            computing = pool.submit(refusal, lambda: read(first, busy))
            until(lambda: running(server) > 0)
            waiting = pool.submit(refusal, lambda: read(second, waits))
            with server.operations() as operations:
                until(lambda: operations.call("health")[0]["statements_queued"] == 1)
            assert cancel(second, waits) == flight.CANCEL_STATUS_CANCELLED
            assert waiting.result().code == "cancelled"
            assert cancel(first, busy) == flight.CANCEL_STATUS_CANCELLED
            assert computing.result().code == "cancelled"


def test_adbc_cancels_its_statement(server: Server, connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        timer = threading.Timer(0.5, cursor.adbc_cancel)
        timer.start()
        error = refusal(lambda: (cursor.execute(ENDLESS), cursor.fetchall()))
        timer.join()
    assert "ancel" in error.message
    until(lambda: running(server) == 0)
    assert query(connection, "SELECT 1 AS one").num_rows == 1
