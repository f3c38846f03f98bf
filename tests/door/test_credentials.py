"""Who is calling: no call without credentials, and none with wrong ones."""

import base64

import pytest

from flight.gen import flight_session_pb2 as session_messages
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server


@pytest.mark.parametrize("header", [
    (b"x-nothing", b"at all"),
    (b"authorization", b""),
    (b"authorization", b"Bearer"),
    (b"authorization", b"Bearer forged"),
    (b"authorization", b"Basic"),
    (b"authorization", b"Basic !!!"),
    (b"authorization", b"Basic " + base64.b64encode(b"no colon")),
    (b"authorization", b"Basic " + base64.b64encode(b"\xff\xfe:x")),
    (b"authorization", b"Basic " + base64.b64encode(b"somebody:wrong")),
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
