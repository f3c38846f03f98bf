"""Traces: a real OTLP receiver gets a span per call and statement, below the client's own, and never a text."""

import socket
import time
from pathlib import Path
from typing import Any

import pyarrow.flight as fl
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.semconv._incubating.attributes import db_attributes, error_attributes, rpc_attributes

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query
from tests.observability.receiver import Receiver, values
from tests.startup.refusal import refusal as start_refusal

SERVICE = "arrow.flight.protocol.FlightService"


def record_of(server: Server, hint: str) -> dict[str, Any]:
    """The latest record of the query log that fits."""
    text = f"SELECT * FROM catalog.query_log WHERE {hint} ORDER BY started_at DESC LIMIT 1"
    return server.rows(text)[0]


def test_a_query_is_a_span_below_its_call_with_what_the_query_log_knows(
    watched: Server, bare: Bare, receiver: Receiver
) -> None:
    bare.query("SELECT i FROM range(4321) r(i)")
    record = record_of(watched, "row_count = 4321")
    (span,) = receiver.wait_for(1, lakehouse__statement_id=record["statement_id"])
    assert span.name == "query"
    assert values(span) == {
        db_attributes.DB_SYSTEM_NAME: "duckdb",
        db_attributes.DB_NAMESPACE: "lakehouse",
        db_attributes.DB_OPERATION_NAME: "query",
        db_attributes.DB_RESPONSE_RETURNED_ROWS: 4321,
        "lakehouse.statement_id": record["statement_id"],
        "lakehouse.statement_hmac": record["statement_hmac"],
        "lakehouse.session_id": record["session_id"],
    }
    calls = receiver.wait_for(1, rpc__method=f"{SERVICE}/DoGet")
    (call,) = [call for call in calls if call.span_id == span.parent_span_id]
    assert call.trace_id == span.trace_id
    assert call.kind == Span.SPAN_KIND_SERVER
    assert values(call)[rpc_attributes.RPC_SYSTEM_NAME] == "grpc"
    assert call.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano


def test_a_stream_has_a_part_in_which_it_executes_and_one_in_which_it_is_read(
    watched: Server, bare: Bare, receiver: Receiver
) -> None:
    bare.query("SELECT i FROM range(7654) r(i)")
    record = record_of(watched, "row_count = 7654")
    (span,) = receiver.wait_for(1, lakehouse__statement_id=record["statement_id"])
    parts = sorted(receiver.below(span), key=lambda part: part.start_time_unix_nano)
    assert [part.name for part in parts] == ["execute", "stream"]
    assert span.start_time_unix_nano <= parts[0].start_time_unix_nano
    assert parts[0].end_time_unix_nano <= parts[1].start_time_unix_nano
    assert parts[1].end_time_unix_nano == span.end_time_unix_nano


def test_calls_and_statements_join_the_trace_of_the_client(watched: Server, receiver: Receiver) -> None:
    trace_id, parent_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with Bare(watched) as bare:
        bare.headers.append((b"traceparent", f"00-{trace_id}-{parent_id}-01".encode()))
        bare.options = fl.FlightCallOptions(headers=bare.headers)
        bare.query("SELECT 'traced'")
    receiver.wait_for(1, rpc__method=f"{SERVICE}/DoGet")
    deadline = time.monotonic() + 20
    while True:
        mine = [span for span in receiver.spans() if span.trace_id.hex() == trace_id]
        if {"query", f"{SERVICE}/GetFlightInfo", f"{SERVICE}/DoGet"} <= {span.name for span in mine}:
            break
        assert time.monotonic() < deadline, mine
        time.sleep(0.02)
    calls = [span for span in mine if span.name.startswith(SERVICE)]
    assert {call.parent_span_id.hex() for call in calls} == {parent_id}


def test_adbc_passes_the_trace_context_on(watched: Server, receiver: Receiver) -> None:
    trace_id = "11111111111111112222222222222222"
    header = {"adbc.flight.sql.rpc.call_header.traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    with watched.connect() as connection:
        connection.adbc_connection.set_options(**header)
        query(connection, "SELECT 1")
    deadline = time.monotonic() + 20
    while not [span for span in receiver.spans(db__operation__name="query") if span.trace_id.hex() == trace_id]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_is_not_sampled_leaves_no_spans(watched: Server, receiver: Receiver) -> None:
    trace_id = "33333333333333334444444444444444"
    with Bare(watched) as bare:
        bare.headers.append((b"traceparent", f"00-{trace_id}-b7ad6b7169203331-00".encode()))
        bare.options = fl.FlightCallOptions(headers=bare.headers)
        bare.query("SELECT 1")
        bare.update("SET TimeZone = 'UTC'")
    before = len(receiver.spans(db__operation__name="set"))
    with Bare(watched) as bare:
        bare.update("SET TimeZone = 'UTC'")
    receiver.wait_for(before + 1, db__operation__name="set")  # later ones have come
    assert not [span for span in receiver.spans() if span.trace_id.hex() == trace_id]


@pytest.mark.parametrize("header", [b"", b"00-zz-zz-01", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"x" * 5000])
def test_a_trace_context_that_is_none_is_ignored(watched: Server, header: bytes) -> None:
    with Bare(watched) as bare:
        bare.headers.append((b"traceparent", header))
        bare.options = fl.FlightCallOptions(headers=bare.headers)
        assert bare.query("SELECT 1 AS a").to_pylist() == [{"a": 1}]


def test_a_statement_that_failed_says_with_which_code_and_no_more(
    watched: Server, bare: Bare, receiver: Receiver
) -> None:
    refusal(lambda: bare.update("INSERT INTO a_secret_name VALUES ('a secret value')"))
    record = record_of(watched, "status = 'failed' AND kind = 'update'")
    (span,) = receiver.wait_for(1, lakehouse__statement_id=record["statement_id"])
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert span.status.message == ""
    assert (
        values(span)[error_attributes.ERROR_TYPE] == values(span)[db_attributes.DB_RESPONSE_STATUS_CODE] == "sql_error"
    )
    assert not span.events


def test_a_call_that_was_refused_before_it_ran_is_a_span_with_an_error(bare: Bare, receiver: Receiver) -> None:
    before = len(receiver.spans(rpc__method=f"{SERVICE}/GetSchema"))
    refusal(lambda: bare.schema(sql.CommandStatementQuery(query="SELECT * FROM not_there")))
    span = receiver.wait_for(before + 1, rpc__method=f"{SERVICE}/GetSchema")[-1]
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert span.status.message == ""


def test_an_operation_is_a_span_with_its_name(bare: Bare, receiver: Receiver) -> None:
    before = len(receiver.spans(db__operation__name="health"))
    bare.act("health")
    bare.query("CALL health()")
    spans = receiver.wait_for(before + 2, db__operation__name="health")
    assert {span.name for span in spans} == {"health"}


def test_a_name_that_a_caller_made_up_is_in_no_span(bare: Bare, receiver: Receiver) -> None:
    before = len(receiver.spans(db__operation__name="unknown"))
    refusal(lambda: bare.act("select_secret_from_somewhere"))
    receiver.wait_for(before + 1, db__operation__name="unknown")
    assert "select_secret_from_somewhere" not in str(receiver.requests)


def test_texts_values_and_principals_are_in_no_span(watched: Server, receiver: Receiver) -> None:
    with watched.connect() as connection:
        query(connection, "CREATE OR REPLACE TABLE veiled AS SELECT 'veiled value' AS veiled_column")
        query(connection, "SELECT veiled_column FROM veiled WHERE veiled_column = ?", ("veiled value",))
        refusal(lambda: query(connection, "SELECT veiled_typo FROM veiled"))
        query(connection, "CALL set_metadata(dataset := 'veiled', owner := 'veiled owner')")
    receiver.wait_for(1, db__operation__name="set_metadata")
    text = str(receiver.requests)
    assert "veiled" not in text
    assert "admin" not in text


def test_a_statement_that_its_deadline_ended_stays_below_its_call(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    flags = ["--otel-endpoint", receiver.address, "--statement-s-max", "1", "--statements-running-max", "1"]
    with Server(tmp_path_factory.mktemp("late") / "data", *flags) as server:
        with Bare(server) as bare, Bare(server) as other:
            command = sql.CommandStatementQuery(query="SELECT * FROM range(100_000_000)")
            reader = bare.client.do_get(bare.info(command).endpoints[0].ticket, bare.options)
            reader.read_chunk()
            other.update("CREATE TABLE waited AS SELECT 1 AS a")  # once the first has been ended
            with pytest.raises(fl.FlightTimedOutError):
                reader.read_all()
            query_id = record_of(server, "kind = 'query' AND error_code = 'statement_timeout'")["statement_id"]
            update_id = record_of(server, "kind = 'update'")["statement_id"]
        assert server.stop() == 0  # sends what waits
    (ended,) = receiver.spans(lakehouse__statement_id=query_id)
    assert values(ended)[error_attributes.ERROR_TYPE] == "statement_timeout"
    assert [span.name for span in receiver.spans() if span.span_id == ended.parent_span_id] == [f"{SERVICE}/DoGet"]
    (waited,) = receiver.spans(lakehouse__statement_id=update_id)
    (queued,) = receiver.below(waited)
    assert queued.name == "queue"
    assert queued.end_time_unix_nano > queued.start_time_unix_nano


def test_spans_name_the_service_and_its_version(watched: Server, bare: Bare, receiver: Receiver) -> None:
    bare.act("health")
    receiver.wait_for(1, db__operation__name="health")
    resource = receiver.requests[-1].resource_spans[0].resource
    assert values(resource)["service.name"] == "lakehouse"
    assert values(resource)["service.version"]
    assert set(receiver.paths) == {"/v1/traces"}


def test_standard_environment_variables_name_the_service(data: Path) -> None:
    with Receiver() as own:
        flags = ["--otel-endpoint", own.address + "/"]
        with Server(data, *flags, environment={"OTEL_SERVICE_NAME": "lake-of-mine"}) as server:
            server.rows("SELECT 1")
            assert server.stop() == 0  # sends what waits
        assert own.spans(db__operation__name="query")
        assert values(own.requests[0].resource_spans[0].resource)["service.name"] == "lake-of-mine"


def test_a_receiver_that_is_away_is_logged_and_keeps_nobody_waiting(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = ["--otel-endpoint", f"http://user:hidden@127.0.0.1:{port}"]
    with Server(data, *flags, environment={"OTEL_BSP_SCHEDULE_DELAY": "50"}) as server:
        rows = server.rows("SELECT name, value FROM catalog.settings WHERE name = 'otel_endpoint'")
        assert rows == [{"name": "otel_endpoint", "value": f"http://127.0.0.1:{port}"}]
        assert server.stop() == 0
    log = server.log.read_text()
    assert '"area": "traces"' in log
    assert "hidden" not in log
    assert all(line.startswith("{") for line in log.splitlines()), log


def test_traces_without_their_packages_end_the_start_with_one_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / "absent" / "opentelemetry").mkdir(parents=True)
    (tmp_path / "absent" / "opentelemetry" / "__init__.py").write_text("")
    environment = {"PYTHONPATH": str(tmp_path / "absent")}
    message = start_refusal(Server(data, "--otel-endpoint", "http://127.0.0.1:1", environment=environment))
    assert message.startswith("setting otel_endpoint: ")
    assert message.endswith("run make setup-otel")


def test_an_endpoint_that_is_no_http_address_is_refused(data: Path) -> None:
    message = start_refusal(Server(data, "--otel-endpoint", "127.0.0.1:4317"))
    assert message.startswith("flag --otel-endpoint: ")
