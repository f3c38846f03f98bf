"""Failed logins at the door: slowed, logged without the credential, and no way to keep the right ones out."""

import base64
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.flight as fl
import pytest

from server.access import passwords
from server.access.logins import Logins
from server.access.places import PLACES
from server.access.principals import Principals, Record
from server.access.throttle import FREE_PER_ADDRESS, FREE_PER_NAME
from server.errors import LimitExceeded, Unauthenticated
from tests.access.calling import Header, admin, basic, bearer, handshake_refused, log_in, refused, who
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server

LONG = "a password of enough characters"
WRONG = "a wrong password, never to be logged"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with principals for these tests to fail as; failures don't disturb the shared one."""
    flags = ("--login-delay-s-max", "600", "--logins-running-max", "1")
    with Server(tmp_path_factory.mktemp("slow") / "data", *flags) as server:
        for name in ("ann", "bob"):
            admin(server, "create_principal", name=name, password=LONG, roles=["admin"])
        yield server


def logged(server: Server, event: str) -> list[dict[str, Any]]:
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == event]


def fail_until_delayed(server: Server, name: str) -> str:
    for _ in range(20):
        error = handshake_refused(server, name, WRONG)
        if error.code == "limit_exceeded":
            return error.message
        assert error.message == "name or password is wrong"
    raise AssertionError("it was never slowed")


@pytest.mark.parametrize("name", ["ann", "a name of nobody"])
def test_guessing_is_slowed_alike_for_names_that_are_there_and_that_are_not(slow: Server, name: str) -> None:
    message = fail_until_delayed(slow, name)
    assert "too many failed logins: try again in" in message
    assert "login_delay_s_max" in message


def test_the_right_password_waits_too_but_keys_and_other_peers_do_not(slow: Server) -> None:
    key = admin(slow, "create_key", principal="ann", name="in need")["key"]
    fail_until_delayed(slow, "ann")
    assert handshake_refused(slow, "ann", LONG).code == "limit_exceeded"
    assert who(slow, bearer(key)) == "ann"
    with log_in(slow, "ann", key) as own:
        assert own.query("SELECT 1 AS one").num_rows == 1
    assert who(slow, basic("ann", LONG)) == "ann"  # by address, which Handshakes don't tell


def test_a_password_that_was_changed_from_a_session_that_it_shares_no_longer_counts(slow: Server) -> None:
    admin(slow, "create_principal", name="eve", password=LONG, roles=["admin"])
    with Bare(slow, basic("eve", LONG)) as bare:
        bare.act("set_password", json.dumps({"principal": "eve", "password": f"{LONG}, another"}).encode())
    assert refused(slow, basic("eve", LONG)).code == "unauthenticated"
    assert who(slow, basic("eve", f"{LONG}, another")) == "eve"


def test_a_session_that_is_open_goes_on_while_its_name_is_guessed(slow: Server) -> None:
    with log_in(slow, "bob", LONG) as own:
        fail_until_delayed(slow, "bob")
        assert own.query("SELECT 1 AS one").num_rows == 1


def test_a_remembered_password_can_not_be_guessed_without_delay(slow: Server) -> None:
    admin(slow, "create_principal", name="remembered", password=LONG, roles=["admin"])
    assert who(slow, basic("remembered", LONG)) == "remembered"
    codes = [refused(slow, basic("remembered", f"{WRONG} {number}")).code for number in range(4)]
    assert codes[-1] == "limit_exceeded"
    assert refused(slow, basic("remembered", LONG)).code == "limit_exceeded"


def test_a_failed_login_is_logged_with_name_and_peer_and_never_the_credential(slow: Server) -> None:
    refused(slow, basic("logged\nname", WRONG))
    refused(slow, bearer(f"lhk_0123456789abcdef_{WRONG}"))
    by_password = next(line for line in logged(slow, "login failed") if line["principal"] == "logged\nname")
    assert (by_password["peer"], by_password["credential"]) == ("127.0.0.1", "password")
    by_key = next(line for line in logged(slow, "login failed") if line["credential"] == "key")
    assert by_key["principal"] == "0123456789abcdef"
    text = slow.log.read_text()
    assert WRONG not in text
    assert PASSWORD not in text
    assert base64.b64encode(WRONG.encode()).decode()[:20] not in text


def test_a_flood_of_bad_keys_writes_a_bounded_number_of_lines(slow: Server) -> None:
    before = len(logged(slow, "login failed"))
    client: Any = Bare(slow, bearer("lhk_"))
    began = time.monotonic()
    for _ in range(200):
        with pytest.raises(fl.FlightError):
            client.client.authenticate_basic_token("", "lhk_")
    lines = logged(slow, "login failed")[before:]
    assert len(lines) <= 20 * (time.monotonic() - began + 2)
    assert len(lines) + sum(line["unlogged"] for line in lines) <= 200
    client.client.close()


def test_a_flood_of_logins_is_refused_rather_than_queued_for_ever(slow: Server) -> None:
    def attempt(number: int) -> str:
        return handshake_refused(slow, f"flood {number}", WRONG).code

    with ThreadPoolExecutor(40) as pool:
        codes = set(pool.map(attempt, range(80)))
    assert codes == {"unauthenticated", "limit_exceeded"}
    with log_in(slow) as own:
        assert own.query("SELECT 1 AS one").num_rows == 1


def test_of_guesses_at_once_no_more_are_checked_than_of_guesses_one_after_the_other(server: Server) -> None:
    def attempt(number: int) -> str:
        return handshake_refused(server, "guessed at once", f"{WRONG} {number}").code

    with ThreadPoolExecutor(24) as pool:
        codes = Counter(pool.map(attempt, range(24)))
    assert 1 <= codes["unauthenticated"] <= FREE_PER_NAME + 1
    assert codes.total() == codes["unauthenticated"] + codes["limit_exceeded"]


def test_many_connections_at_once_with_the_right_password_all_get_in(server: Server) -> None:
    admin(server, "create_principal", name="of many", password=LONG, roles=["admin"])

    def attempt(_: int) -> int:
        with log_in(server, "of many", LONG):
            return 1

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == 50


def test_wrong_keys_keep_nothing_out_that_comes_from_the_same_address(slow: Server) -> None:
    admin(slow, "create_principal", name="dan", password=LONG, roles=["admin"])
    key, remembered = (admin(slow, "create_key", principal="dan", name=name)["key"] for name in ("one", "other"))
    assert who(slow, bearer(remembered)) == "dan"
    for number in range(FREE_PER_ADDRESS + 1):
        assert refused(slow, bearer(f"lhk_0123456789abcdef_{number}")).code == "unauthenticated"
    assert who(slow, bearer(key)) == who(slow, bearer(remembered)) == who(slow, basic("dan", key)) == "dan"
    assert who(slow, basic("dan", LONG)) == "dan"


def test_wrong_passwords_do_not_keep_out_keys_of_the_same_address() -> None:
    logins = Logins(None, None, None, 600, 1)  # type: ignore[arg-type]  # nothing is checked here
    _compare_without_a_place(logins, FREE_PER_NAME + 1)
    with pytest.raises(LimitExceeded, match="login_delay_s_max"), logins.comparing("ann", LONG, "10.0.0.1"):
        raise AssertionError("it was compared")
    with logins.comparing("ann", "lhk_0123456789abcdef_x", "10.0.0.1"):
        pass


def test_a_password_that_was_compared_and_found_no_place_to_be_checked_has_failed() -> None:
    logins = Logins(None, None, None, 600, 1)  # type: ignore[arg-type]  # nothing is checked here
    _compare_without_a_place(logins, FREE_PER_NAME)
    with logins.comparing("ann", LONG, "10.0.0.1"):
        pass
    _compare_without_a_place(logins, 1)
    with pytest.raises(LimitExceeded, match="login_delay_s_max"), logins.comparing("ann", LONG, "10.0.0.1"):
        raise AssertionError("it was compared")


def _compare_without_a_place(logins: Logins, times: int) -> None:
    for number in range(times):
        with pytest.raises(LimitExceeded, match=PLACES), logins.comparing("ann", f"{WRONG} {number}", "10.0.0.1"):
            raise LimitExceeded(PLACES, "too many")


@pytest.mark.parametrize("found", [None, Record("ann"), Record("ann", passwords.hash_password(LONG), (), True)])
def test_every_refusal_of_a_password_costs_one_hash(monkeypatch: pytest.MonkeyPatch, found: Record | None) -> None:
    hashes: list[str] = []
    verify = passwords._hasher.verify
    cost = passwords.hash_password(LONG).split("$")[3]

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            hashes.append(password_hash)
            return verify(password_hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    monkeypatch.setattr(Principals, "find", lambda self, name: found)
    with pytest.raises(Unauthenticated, match="name or password is wrong"):
        Principals(None).with_password("ann", LONG if found else WRONG)  # type: ignore[arg-type]
    assert [spent.split("$")[3] for spent in hashes] == [cost]


@pytest.mark.parametrize("header", [
    (b"authorization", b"Basic " + base64.b64encode(b"ann\0:x")),
    (b"authorization", b"Basic " + base64.b64encode(b"\0" * 100 + b":" + b"\0" * 100)),
    (b"authorization", b"Basic " + base64.b64encode(b"ann:\xff\xfe\xfd")),
    (b"authorization", b"Basic " + base64.b64encode("ann:\ud7ff\u200b\U0001f600".encode())),
    (b"authorization", b"Basic " + b"=" * 1000),
    (b"authorization", b"Basic " + base64.b64encode(b"n" * 3000 + b":" + b"p" * 1000)),
    (b"authorization", b"Bearer " + b"." * 4000),
    (b"authorization", b"Bearer eyJ" + b"A" * 4000 + b".e30.x"),
    (b"authorization", b"Bearer lhk_" + b"_" * 4000),
    (b"authorization", b"Bearer lhs_" + b"A" * 43),
    (b"authorization", b"Bearer a b c"),
    (b"authorization", b"bAsIc"),
])  # fmt: skip
def test_malformed_credentials_are_refused(server: Server, header: Header) -> None:
    assert refused(server, header).code == "unauthenticated"


@pytest.mark.parametrize("size", [20_000, 1_000_000])
def test_a_huge_header_ends_its_call_and_nothing_else(server: Server, size: int) -> None:
    client: Any = Bare(server, (b"authorization", b"Bearer " + b"A" * size))
    with pytest.raises(Exception, match=r"(?i)size|exhausted|metadata|limit|unavailable|cancel"):
        client.act("health")
    client.client.close()
    assert server.rows("SELECT 1 AS one") == [{"one": 1}]


def test_a_bearer_token_is_of_no_use_after_its_session_was_closed(server: Server) -> None:
    own = log_in(server)
    header = own.headers[0]
    own.act("CloseSession")
    own.client.close()
    assert refused(server, header).message == "the session has ended: log in again"


def test_two_authorization_headers_do_not_make_one_call_of_two_principals(server: Server) -> None:
    with Bare(server, basic("of two headers", WRONG), basic("admin", PASSWORD)) as bare:
        assert refusal(lambda: bare.act("health")).code == "unauthenticated"
