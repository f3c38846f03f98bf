"""For any bytes a decoder returns a message or raises one of our errors."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings

from flight import tickets as ticket_decoder
from flight.commands import COMMANDS, decode, decode_action
from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument, Unsupported
from server.operations.registry import parse_body
from tests.fuzz.messages import actions, bodies, commands, mutated, packed, tickets

EXAMPLES = settings(max_examples=1500, deadline=None)


def refused(run: Callable[[], Any]) -> Any:
    """What it returns, or None if it refuses; any other error leaves. What a refusal repeats is bounded."""
    try:
        return run()
    except (InvalidArgument, Unsupported) as error:
        text = str(error)
        assert len(text) < 400
        assert text.isprintable()
        return None


@EXAMPLES
@given(commands)
def test_any_bytes_are_a_command_or_refused(payload: bytes) -> None:
    assert isinstance(refused(lambda: decode(payload)), (*COMMANDS, type(None)))


@EXAMPLES
@given(actions())
def test_any_body_is_an_actions_request_or_refused(action: tuple[str, bytes]) -> None:
    assert isinstance(refused(lambda: decode_action(*action)), Message | None)


@EXAMPLES
@given(tickets)
def test_any_handle_is_a_ticket_or_refused(handle: bytes) -> None:
    refused(lambda: ticket_decoder.decode(sql.TicketStatementQuery(statement_handle=handle)))


@EXAMPLES
@given(mutated(packed))
def test_any_ticket_is_decoded_or_refused(payload: bytes) -> None:
    message = refused(lambda: decode(payload))
    if isinstance(message, sql.TicketStatementQuery):
        refused(lambda: ticket_decoder.decode(message))


@EXAMPLES
@given(bodies)
def test_any_body_is_arguments_or_refused(body: bytes) -> None:
    assert isinstance(refused(lambda: parse_body(body)), dict | None)


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 500_000, b'{"a": ' + b"9" * 100_000 + b"}"])
def test_a_body_made_to_exhaust_the_parser_is_refused(body: bytes) -> None:
    assert refused(lambda: parse_body(body)) is None
