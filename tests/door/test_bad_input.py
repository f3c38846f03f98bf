"""What is wrong gets a clear error, tells nothing of our insides, and the server goes on."""

import json
import socket
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_manager import dbapi
from google.protobuf.any_pb2 import Any as AnyMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, descriptor, raising, refusal
from tests.harness import Server, query


def wrapped(type_url: str, value: bytes) -> bytes:
    return AnyMessage(type_url=type_url, value=value).SerializeToString()


NAME = "type.googleapis.com/arrow.flight.protocol.sql."
MALFORMED = {
    "nothing": b"",
    "text": b"SELECT 1",
    "zeros": b"\x00" * 64,
    "noise": bytes(range(256)),
    "no type": wrapped("", b"\x0a\x01x"),
    "broken inside": wrapped(NAME + "CommandStatementQuery", b"\xff\xff\xff"),
    "text not UTF-8": wrapped(NAME + "CommandStatementQuery", b"\x0a\x02\xc3\x28"),
    "cut": pack(sql.CommandStatementQuery(query="SELECT 1"))[:-3],
}
UNKNOWN = {
    "command of another protocol": wrapped("type.googleapis.com/google.protobuf.Duration", b""),
    "command of the future": wrapped(NAME + "CommandTomorrow", b""),
    "savepoint as a command": pack(sql.ActionBeginSavepointRequest()),
    "odd name": wrapped("\n\x1b[31m" + "x" * 5000, b""),
}


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


@pytest.fixture(autouse=True)
def goes_on(connection: dbapi.Connection) -> Iterator[None]:
    """Whatever a test sends, the next one is served."""
    yield
    assert query(connection, "SELECT 1 AS one").num_rows == 1


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED)
def test_malformed_bytes_are_an_invalid_argument_wherever_they_arrive(bare: Bare, payload: bytes) -> None:
    for call in (
        lambda: bare.info(payload),
        lambda: bare.schema(payload),
        lambda: bare.get(payload),
        lambda: bare.put(payload),
        lambda: bare.act("CreatePreparedStatement", payload),
        lambda: bare.act("EndTransaction", payload),
    ):
        assert refusal(call).code == "invalid_argument"


@pytest.mark.parametrize("payload", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_commands_are_unsupported(bare: Bare, payload: bytes) -> None:
    for call in (
        lambda: bare.info(payload),
        lambda: bare.schema(payload),
        lambda: bare.get(payload),
        lambda: bare.put(payload),
    ):
        error = refusal(call)
        assert error.code == "unsupported"
        assert len(error.message) < 500
        assert "\x1b" not in error.message


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(sorted(k.DESCRIPTOR.name for k in (
    sql.CommandStatementQuery, sql.CommandStatementUpdate, sql.CommandGetTables, sql.CommandPreparedStatementQuery,
    sql.CommandStatementIngest, sql.TicketStatementQuery))))  # fmt: skip
def test_random_bytes_get_a_coded_error_or_an_answer(bare: Bare, value: bytes, name: str) -> None:
    payload = wrapped(NAME + name, value)
    for call in (lambda: bare.info(payload), lambda: bare.get(payload), lambda: bare.put(payload)):
        try:
            call()
        except (fl.FlightError, pa.ArrowException, OSError) as error:
            found = error
        else:
            continue
        assert refusal(raising(found)).code not in ("unknown", "internal"), found


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("BeginSavepoint", pack(sql.ActionBeginSavepointRequest(name="s"))),
        ("EndSavepoint", pack(sql.ActionEndSavepointRequest())),
        ("CreatePreparedSubstraitPlan", pack(sql.ActionCreatePreparedSubstraitPlanRequest())),
    ],
)
def test_savepoints_and_substrait_are_refused_by_name(bare: Bare, name: str, body: bytes) -> None:
    error = refusal(lambda: bare.act(name, body))
    assert error.code == "unsupported"
    assert name in error.message


def test_a_substrait_plan_is_refused_by_name(bare: Bare) -> None:
    command = sql.CommandStatementSubstraitPlan(plan=sql.SubstraitPlan(plan=b"x", version="1"))
    for call in (lambda: bare.info(command), lambda: bare.schema(command), lambda: bare.put(command)):
        error = refusal(call)
        assert error.code == "unsupported"
        assert "Substrait" in error.message


def test_commands_at_the_wrong_door_are_unsupported(bare: Bare) -> None:
    assert refusal(lambda: bare.put(sql.CommandGetTables())).code == "unsupported"
    assert refusal(lambda: bare.info(sql.CommandStatementIngest(table="x"))).code == "unsupported"
    assert refusal(lambda: bare.info(sql.CommandStatementUpdate(query="SELECT 1"))).code == "unsupported"
    assert refusal(lambda: bare.get(pack(sql.CommandStatementQuery(query="SELECT 1")))).code == "unsupported"


@pytest.mark.parametrize("handle", [
    b"", b"x", b"[]", b"null", b"5", b'"held"', b"{}", b'{"held": 5}', b'{"held": "0123"}', b'{"query": "SELECT 1"}',
    b'{"query": 5, "transaction": "", "name": ""}', b'{"query": "SELECT 1", "transaction": "*", "name": ""}',
    b'{"query": "SELECT 1", "transaction": "AAAA", "name": ""}', b"\xff\xfe", b'{"held": ["x"]}', b"[" * 100_000,
])  # fmt: skip
def test_a_forged_ticket_gains_nothing(bare: Bare, handle: bytes) -> None:
    error = refusal(lambda: bare.get(pack(sql.TicketStatementQuery(statement_handle=handle))))
    assert error.code in ("invalid_argument", "not_found")


def test_a_forged_ticket_passes_the_gate(bare: Bare) -> None:
    fields = {"query": "SELECT * FROM catalog.principal_events", "transaction": "", "name": ""}
    ticket = pack(sql.TicketStatementQuery(statement_handle=json.dumps(fields).encode()))
    assert refusal(lambda: bare.get(ticket)).code == "permission_denied"


def test_a_ticket_of_another_session_is_worth_nothing(bare: Bare, server: Server) -> None:
    ticket = bare.info(sql.CommandStatementQuery(query="EXPLAIN SELECT 1")).endpoints[0].ticket
    with Bare(server) as other:
        assert refusal(lambda: other.get(ticket)).code == "not_found"
    assert bare.get(ticket).num_rows > 0


def test_a_path_is_no_command(bare: Bare) -> None:
    path = fl.FlightDescriptor.for_path("main", "t")
    assert refusal(lambda: bare.client.get_flight_info(path, bare.options)).code == "invalid_argument"
    assert refusal(lambda: bare.client.get_schema(path, bare.options)).code == "invalid_argument"


def test_do_exchange_is_unsupported(bare: Bare) -> None:
    def run() -> None:
        writer, reader = bare.client.do_exchange(descriptor(sql.CommandGetCatalogs()), bare.options)
        with writer:
            writer.done_writing()
            reader.read_all()

    assert refusal(run).code == "unsupported"


def test_listing_flights_points_to_get_tables(bare: Bare) -> None:
    error = refusal(lambda: list(bare.client.list_flights(b"", bare.options)))
    assert error.code == "unsupported"
    assert "GetTables" in error.message


@pytest.mark.parametrize(("name", "body", "code"), [
    ("no_such_operation", b"{}", "not_found"),
    ("helth", b"{}", "not_found"),
    ("", b"", "not_found"),
    ("health", b"[1]", "invalid_argument"),
    ("health", b"{", "invalid_argument"),
    ("health", b"\xff\xfe", "invalid_argument"),
    ("health", b'{"surprise": 1}', "invalid_argument"),
    ("set_metadata", b"{}", "invalid_argument"),
    ("set_metadata", b'{"dataset": 5, "owner": "x"}', "invalid_argument"),
    ("set_metadata", b'{"dataset": "nowhere", "owner": "x"}', "not_found"),
    ("set_metadata", b'{"dataset": "catalog.settings", "owner": "x"}', "permission_denied"),
    ("create_index", b'{"name": "../x", "dataset": "x", "key_column": "a"}', "invalid_argument"),
])  # fmt: skip
def test_operations_with_wrong_names_and_bodies_are_refused(bare: Bare, name: str, body: bytes, code: str) -> None:
    assert refusal(lambda: bare.act(name, body)).code == code


def test_an_operation_that_is_nearly_named_is_suggested(bare: Bare) -> None:
    assert "health" in refusal(lambda: bare.act("helth")).message


def test_something_that_is_no_grpc_does_no_harm(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"\x00" * 1000)


@pytest.mark.parametrize(
    "text", ["SELECT * FROM nul_texts WHERE a = ? ORDER BY b DESC LIMIT 1", "DELETE FROM nul_texts WHERE a = ?"]
)
def test_a_bound_nul_is_refused_where_rows_are_chosen_and_stored_where_they_are_inserted(
    connection: dbapi.Connection, text: str
) -> None:
    query(connection, "CREATE OR REPLACE TABLE nul_texts (a VARCHAR, b INTEGER)")
    query(connection, "INSERT INTO nul_texts VALUES (?, 1)", ("a\0b",))
    assert query(connection, "SELECT a FROM nul_texts")["a"].to_pylist() == ["a\0b"]
    error = refusal(lambda: query(connection, text, ("a\0b",)))
    assert (error.code, "NUL" in error.message) == ("invalid_argument", True)
