"""Sessions: bounded in number per principal, in age, and ended by whoever may."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients.python import lakehouse_error
from tests.access.calling import ENDED, MUCH, admin, basic, log_in, stream, who
from tests.door.bare import Bare, refusal
from tests.door.test_limits import until
from tests.harness import Server

LONG = "a password of enough characters"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where a principal may have three sessions, six are all there can be, and none lasts."""
    flags = ("--sessions-per-principal-max", "3", "--sessions-max", "6", "--session-s-max", "8")
    with Server(tmp_path_factory.mktemp("small") / "data", *flags) as server:
        for name in ("ann", "bob", "cid"):
            admin(server, "create_principal", name=name, password=LONG, roles=["admin"])
        yield server


def test_a_principal_over_its_bound_is_refused_and_nobody_else(small: Server) -> None:
    opened = [log_in(small, "ann", LONG) for _ in range(3)]
    try:
        error = refusal(lambda: log_in(small, "ann", LONG))
        assert (error.code, "sessions_per_principal_max" in error.message) == ("limit_exceeded", True)
        log_in(small, "bob", LONG).__exit__(None, None, None)
        assert all(one.query("SELECT 1 AS one").num_rows == 1 for one in opened)  # none was ended to make room
        opened.pop().__exit__(None, None, None)
        opened.append(log_in(small, "ann", LONG))
    finally:
        for one in opened:
            one.__exit__(None, None, None)


def test_logins_that_race_at_the_bound_are_no_more_than_it_allows(small: Server) -> None:
    def attempt(_: int) -> Bare | str:
        try:
            return log_in(small, "cid", LONG)
        except Exception as error:  # noqa: BLE001 - Arrow and Flight share no base class
            return lakehouse_error(error).code

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(attempt, range(8)))
    opened = [end for end in ends if isinstance(end, Bare)]
    for one in opened:
        one.__exit__(None, None, None)
    assert len(opened) == 3
    assert {end for end in ends if isinstance(end, str)} == {"limit_exceeded"}


def test_a_session_ends_at_its_age_however_busy_it_is(small: Server) -> None:
    with log_in(small, "bob", LONG) as own:

        def ended() -> bool:
            try:
                own.query("SELECT 1 AS one")
            except Exception as error:  # noqa: BLE001 - Arrow and Flight share no base class
                return "expired" in str(error) or "has ended" in str(error)
            return False

        until(ended)
    assert who(small, basic("bob", LONG)) == "bob"


def test_a_session_can_be_seen_and_ended(server: Server) -> None:
    with log_in(server) as own:
        reader = stream(own, MUCH)
        reader.read_chunk()
        text = "SELECT * FROM catalog.sessions WHERE statements_running > 0 ORDER BY started_at"
        mine = server.rows(text)[0]  # the other one asks
        assert (mine["principal"], mine["credential"], mine["peer"]) == ("admin", "password", "127.0.0.1")
        assert mine["started_at"] < mine["expires_at"]
        assert admin(server, "end_session", session_id=mine["session_id"]) == {"sessions_ended": 1}
        assert refusal(reader.read_all).code in ENDED
        assert refusal(lambda: own.query("SELECT 1 AS one")).code == "unauthenticated"
        error = refusal(lambda: admin(server, "end_session", session_id=mine["session_id"]))
        assert error.code == "not_found"


def test_all_sessions_of_a_principal_are_ended_and_it_may_log_in_again(server: Server) -> None:
    admin(server, "create_principal", name="seen off", password=LONG, roles=["admin"])
    with log_in(server, "seen off", LONG) as one, log_in(server, "seen off", LONG) as other:
        assert admin(server, "end_sessions", principal="seen off")["sessions_ended"] == 2
        for own in (one, other):
            assert refusal(lambda o=own: o.query("SELECT 1 AS one")).code == "unauthenticated"  # type: ignore[misc]
    with log_in(server, "seen off", LONG) as again:
        assert again.query("SELECT 1 AS one").num_rows == 1


def test_tokens_of_sessions_are_listed_nowhere(server: Server) -> None:
    with log_in(server) as own:
        token = own.headers[0][1].decode().removeprefix("Bearer ")
        assert token.startswith("lhs_")
        assert token not in str(server.rows("SELECT * FROM catalog.sessions"))
        assert token not in server.log.read_text()


def test_a_login_that_races_its_withdrawal_leaves_no_session_behind(server: Server) -> None:
    admin(server, "create_principal", name="flicker", password=LONG, roles=["admin"])

    def attempt(_: int) -> str:
        try:
            with log_in(server, "flicker", LONG):
                return "logged in"
        except Exception as error:  # noqa: BLE001 - Arrow and Flight share no base class
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        attempts = pool.map(attempt, range(8))
        admin(server, "disable_principal", principal="flicker")
        left = server.rows("SELECT * FROM catalog.sessions WHERE principal = 'flicker'")
        list(attempts)
    assert left == []
