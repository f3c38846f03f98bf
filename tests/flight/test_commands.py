"""Any bytes decode to a message or to one of two errors."""

import pyarrow as pa
import pyarrow.flight as pf
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from flight.commands import BARE_ACTIONS, COMMANDS, WRAPPED_ACTIONS, decode, decode_action, pack
from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument, Unsupported

PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."


def any_of(type_url: str, value: bytes) -> bytes:
    return AnyMessage(type_url=type_url, value=value).SerializeToString()


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_comes_back_as_itself(kind: type[Message]) -> None:
    assert decode(pack(kind())) == kind()


def test_fields_survive_decoding() -> None:
    command = sql.CommandGetTables(catalog="", table_name_filter_pattern="k%", table_types=["VIEW"])
    decoded = decode(pack(command))
    assert isinstance(decoded, sql.CommandGetTables)
    assert decoded == command
    assert decoded.HasField("catalog")
    assert not decoded.HasField("db_schema_filter_pattern")


def test_packed_command_carries_the_published_type_url() -> None:
    assert AnyMessage.FromString(pack(sql.CommandGetTables())).type_url == PREFIX + "CommandGetTables"


def test_host_before_the_type_name_does_not_matter() -> None:
    assert decode(any_of("/arrow.flight.protocol.sql.CommandGetCatalogs", b"")) == sql.CommandGetCatalogs()


@pytest.mark.parametrize("payload", [b"", b"select 1", b"\xff", b"\x0a\xff", any_of("", b"x"), b"\x0a\x02\xc3\x28"])
def test_bytes_that_are_no_command_are_an_invalid_argument(payload: bytes) -> None:
    with pytest.raises(InvalidArgument, match="not a Flight SQL message"):
        decode(payload)


def test_malformed_command_is_an_invalid_argument_that_names_it() -> None:
    with pytest.raises(InvalidArgument, match="CommandStatementQuery"):
        decode(any_of(PREFIX + "CommandStatementQuery", b"\x0a\xff"))


def test_unknown_command_is_unsupported_and_named() -> None:
    with pytest.raises(Unsupported, match="CommandGetIndexes"):
        decode(any_of(PREFIX + "CommandGetIndexes", b""))


def test_known_message_that_is_no_command_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="DoPutUpdateResult"):
        decode(pack(sql.DoPutUpdateResult()))


def test_error_repeats_a_bounded_part_of_a_hostile_name() -> None:
    with pytest.raises(Unsupported) as refused:
        decode(any_of("evil\n\x00" + "x" * 100_000, b""))
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)
    assert "\x00" not in str(refused.value)


@pytest.mark.parametrize(("name", "kind"), WRAPPED_ACTIONS.items())
def test_action_of_flight_sql_takes_an_any(name: str, kind: type[Message]) -> None:
    assert decode_action(name, pack(kind())) == kind()


@pytest.mark.parametrize(("name", "kind"), BARE_ACTIONS.items())
def test_action_of_flight_takes_the_bare_message(name: str, kind: type[Message]) -> None:
    assert decode_action(name, kind().SerializeToString()) == kind()


def test_action_with_another_actions_body_is_an_invalid_argument() -> None:
    with pytest.raises(InvalidArgument, match="ActionEndTransactionRequest"):
        decode_action("EndTransaction", pack(sql.ActionBeginTransactionRequest()))


def test_unknown_action_is_unsupported_and_named() -> None:
    with pytest.raises(Unsupported, match="Fly"):
        decode_action("Fly", b"")


def test_flight_info_made_by_pyarrow_is_read_back_from_a_cancel_request() -> None:
    endpoint = pf.FlightEndpoint(b"the ticket", ["grpc://127.0.0.1:1"])
    made = pf.FlightInfo(pa.schema([("n", pa.int64())]), pf.FlightDescriptor.for_command(b"cmd"), [endpoint], 7, -1)
    request = decode_action("CancelFlightInfo", b"\x0a" + _length_prefixed(made.serialize()))
    assert isinstance(request, flight.CancelFlightInfoRequest)
    assert [end.ticket.ticket for end in request.info.endpoint] == [b"the ticket"]
    assert request.info.flight_descriptor.cmd == b"cmd"
    assert request.info.total_records == 7
    assert pf.FlightInfo.deserialize(request.info.SerializeToString()).total_bytes == -1


def _length_prefixed(payload: bytes) -> bytes:
    length, prefix = len(payload), bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*prefix, length]) + payload


names = st.sampled_from([kind.__name__ for kind in COMMANDS]) | st.text(max_size=20)
wrapped = st.builds(any_of, names.map(PREFIX.__add__), st.binary(max_size=64))


@given(st.binary(max_size=200) | wrapped)
def test_no_bytes_make_decoding_fail_in_another_way(payload: bytes) -> None:
    try:
        decoded = decode(payload)
    except (InvalidArgument, Unsupported):
        return
    assert isinstance(decoded, COMMANDS)


@given(st.sampled_from([*WRAPPED_ACTIONS, *BARE_ACTIONS]) | st.text(max_size=20), st.binary(max_size=200) | wrapped)
def test_no_bytes_make_action_decoding_fail_in_another_way(name: str, body: bytes) -> None:
    try:
        decoded = decode_action(name, body)
    except (InvalidArgument, Unsupported):
        return
    assert isinstance(decoded, Message)
