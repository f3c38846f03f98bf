"""What callers make up is cut before it reaches the log and errors, and who has no role is told nothing of the lake."""

import json
from collections.abc import Iterator

import pytest

from clients.python import LakehouseError
from flight.authentication import remembered_as
from tests.access.calling import admin, log_in
from tests.door.bare import Bare, refusal
from tests.door.test_limits import until
from tests.door.test_session_options import Errors, options, put
from tests.harness import Server

LONG = "a password of enough characters"
MUCH = 300_000


@pytest.fixture
def outsider(server: Server) -> Iterator[Bare]:
    """Logged in, without a role."""
    if not server.rows("SELECT name FROM catalog.principals WHERE name = 'outsider'"):
        admin(server, "create_principal", name="outsider", password=LONG)
    with log_in(server, "outsider", LONG) as bare:
        yield bare


@pytest.mark.parametrize("name", ["main", "catalog", "nowhere"])
def test_a_principal_without_roles_is_not_told_which_schemas_there_are(outsider: Bare, name: str) -> None:
    error = refusal(lambda: put(outsider, schema=name))
    assert (error.code, "no role that may run statements" in error.message) == ("permission_denied", True)


def test_a_made_up_action_is_cut_in_its_error_and_in_the_log(server: Server, outsider: Bare) -> None:
    name = "made_up_" * (MUCH // 8)
    before = server.log.stat().st_size
    error = _refused_action(outsider, name, b"")
    assert error.code == "not_found"
    assert len(error.message) < 500
    until(lambda: "made_up_made_up" in server.log.read_text())
    assert server.log.stat().st_size - before < 20_000


def test_a_made_up_argument_is_cut_in_its_error(server: Server) -> None:
    with Bare(server) as bare:
        error = _refused_action(bare, "end_session", json.dumps({"session_id": "x", "n" * MUCH: 1}).encode())
    assert (error.code, len(error.message) < 500) == ("invalid_argument", True)


def test_a_password_under_a_mistyped_name_is_not_kept_even_as_an_hmac(server: Server) -> None:
    text = "SELECT statement_hmac FROM catalog.query_log WHERE kind = 'create_principal' AND session_id = ?"
    seen = "SELECT session_id FROM catalog.sessions WHERE statements_running > 0"
    with Bare(server) as bare:
        mine = bare.query(seen)["session_id"][0].as_py()
        for password in ("one password", "another password"):
            body = json.dumps({"name": "mistyped", "pasword": password}).encode()
            assert "no such argument" in _refused_action(bare, "create_principal", body).message
        until(lambda: len(server.rows(text, [mine])) == 2)
    one, other = server.rows(text, [mine])
    assert one == other


@pytest.mark.parametrize("name", ["schema", "catalog", "timezone", "statement_s_max"])
def test_an_option_takes_no_long_text(server: Server, name: str) -> None:
    with Bare(server) as bare:
        before = options(bare)
        assert put(bare, **{name: "1" * MUCH}) == {name: Errors.INVALID_VALUE}
        error = refusal(lambda: bare.update(f"SET {name} = '{'1' * MUCH}'"))
        assert error.code == "invalid_argument"
        assert "characters at most" in error.message
        assert options(bare) == before


def test_credentials_of_two_kinds_are_never_remembered_as_one() -> None:
    texts = [("basic", "a"), ("bearer", "a"), ("certificate", "a"), ("certificate", ""), ("", "certificate a")]
    assert len({remembered_as(b"key", kind, text) for kind, text in texts}) == len(texts)


def _refused_action(bare: Bare, name: str, body: bytes) -> LakehouseError:
    return refusal(lambda: bare.act(name, body))
