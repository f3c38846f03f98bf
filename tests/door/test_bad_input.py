"""What is wrong gets a clear error, tells nothing of our insides, and the server goes on."""

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_manager import dbapi
from google.protobuf.any_pb2 import Any as AnyMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flight.commands import pack
from flight.gen import flight_session_pb2 as session_messages
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, descriptor, refusal
from tests.harness import PASSWORD, Server, query


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
        assert refusal(_raising(found)).code not in ("unknown", "internal"), found


def _raising(error: Exception) -> Any:
    def run() -> None:
        raise error

    return run


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
    b'{"query": 5, "transaction": ""}', b'{"query": "SELECT 1", "transaction": "*"}',
    b'{"query": "SELECT 1", "transaction": "AAAA"}', b"\xff\xfe", b'{"held": ["x"]}', b"[" * 100_000,
])  # fmt: skip
def test_a_forged_ticket_gains_nothing(bare: Bare, handle: bytes) -> None:
    error = refusal(lambda: bare.get(pack(sql.TicketStatementQuery(statement_handle=handle))))
    assert error.code in ("invalid_argument", "not_found")


def test_a_forged_ticket_passes_the_gate(bare: Bare) -> None:
    fields = {"query": "SELECT * FROM catalog.principal_events", "transaction": ""}
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


@pytest.mark.parametrize("header", [
    (b"x-nothing", b"at all"),
    (b"authorization", b""),
    (b"authorization", b"Bearer"),
    (b"authorization", b"Bearer forged"),
    (b"authorization", b"Basic"),
    (b"authorization", b"Basic !!!"),
    (b"authorization", b"Basic " + base64.b64encode(b"no colon")),
    (b"authorization", b"Basic " + base64.b64encode(b"\xff\xfe:x")),
    (b"authorization", b"Basic " + base64.b64encode(b"admin:wrong")),
    (b"authorization", b"Basic " + base64.b64encode(b"':x")),
    (b"authorization", b"Basic " + base64.b64encode(b":")),
    (b"authorization", b"Negotiate abc"),
])  # fmt: skip
def test_every_call_needs_credentials(server: Server, header: tuple[bytes, bytes]) -> None:
    with Bare(server, header) as bare:
        for call in (
            lambda: bare.query("SELECT 1"),
            lambda: bare.get(b"x"),
            lambda: bare.update("SELECT 1"),
            lambda: bare.act("health"),
            lambda: list(bare.client.list_actions(bare.options)),
        ):
            assert refusal(call).code == "unauthenticated"


def test_basic_credentials_with_every_call_share_one_session(server: Server) -> None:
    header = (b"authorization", b"Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()))
    with Bare(server, header) as bare:
        bare.update("CREATE TEMP TABLE mine AS SELECT 1 AS a")
        assert bare.query("FROM mine").to_pylist() == [{"a": 1}]
        assert bare.query("FROM mine").to_pylist() == [{"a": 1}]


def test_a_session_that_was_closed_is_unauthenticated(bare_alone: Bare) -> None:
    bare_alone.act("CloseSession", session_messages.CloseSessionRequest().SerializeToString())
    assert refusal(lambda: bare_alone.query("SELECT 1")).code == "unauthenticated"


def test_something_that_is_no_grpc_does_no_harm(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"\x00" * 1000)


@pytest.mark.parametrize(("text", "message"), [
    ("SELEC 1", 'syntax error at or near "SELEC"'),
    ("SELECT nothing", 'Referenced column "nothing" was not found'),
    ("SELECT * FROM nowhere", "Table with name nowhere does not exist"),
    ("SELECT no_function(1)", "no_function"),
    ("SELECT 1 +", "syntax error at end of input"),
    ("INSERT INTO nowhere VALUES (1)", "nowhere"),
    ("CREATE TABLE t (a NOTYPE)", "NOTYPE"),
    ("SELECT 'unterminated", "unterminated quoted string"),
])  # fmt: skip
def test_an_sql_error_is_duckdbs_own_with_its_position(connection: dbapi.Connection, text: str, message: str) -> None:
    error = refusal(lambda: query(connection, text))
    assert error.code == "sql_error"
    assert message in error.message
    assert "LINE 1:" in error.message or "at end of input" in error.message or text.startswith("INSERT")


@pytest.mark.parametrize("text", ["SELECT 1/0 + 'x'::INTEGER", "SELECT 200::TINYINT", "SELECT error('mine')"])
def test_an_error_at_run_time_is_duckdbs_own(connection: dbapi.Connection, text: str) -> None:
    assert refusal(lambda: query(connection, text)).code == "sql_error"


@pytest.mark.parametrize("text", ["", "   ", ";", "-- nothing", "/* nothing */"])
def test_an_empty_statement_is_refused(bare: Bare, text: str) -> None:
    assert "empty" in refusal(lambda: bare.query(text)).message
    assert "empty" in refusal(lambda: bare.update(text)).message


def test_a_nul_in_a_statement_is_refused(bare: Bare) -> None:
    assert "U+0000" in refusal(lambda: bare.query("SELECT 1 \x00")).message


def test_a_very_long_statement_is_served(bare: Bare) -> None:
    text = "SELECT " + " + ".join(["1"] * 5000) + " AS n"
    assert outcome(bare, text) in ("rows", "sql_error")


def test_a_query_of_many_parts_is_served(bare: Bare) -> None:
    assert bare.query(" UNION ALL ".join(["SELECT 1 AS n"] * 300)).num_rows == 300


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("abs(", ")"),
        ("- ", ""),
        ("NOT ", ""),
        ("[", "]"),
        ("CASE WHEN true THEN ", " END"),
        ("(SELECT ", ")"),
    ],
)
@pytest.mark.parametrize("depth", [500, 3000, 20_000])
def test_a_deeply_nested_statement_is_an_error_and_not_the_end(
    bare: Bare, opening: str, closing: str, depth: int
) -> None:
    expression = f"{opening * depth}1{closing * depth}"
    for text in (f"SELECT {expression} AS n", f"CREATE OR REPLACE TEMP TABLE n AS SELECT {expression} AS n"):
        assert outcome(bare, text) in ("rows", "sql_error")


def outcome(bare: Bare, text: str) -> str:
    try:
        bare.query(text)
    except (fl.FlightError, pa.ArrowException) as error:
        found = error
    else:
        return "rows"
    return refusal(_raising(found)).code
