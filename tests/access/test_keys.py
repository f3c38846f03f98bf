"""Keys of programs: shown once, accepted wherever a credential is, gone for good when revoked."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.flight as fl
import pytest
from adbc_driver_flightsql import DatabaseOptions
from adbc_driver_flightsql import dbapi as flightsql

from clients.python import Operations, connect
from tests.access.calling import ENDED, MUCH, admin, basic, bearer, handshake_refused, log_in, refused, stream, who
from tests.door.bare import Bare, refusal
from tests.door.test_limits import until
from tests.harness import Server, query

LONG = "a password of enough characters"


@pytest.fixture(scope="module")
def owner(server: Server) -> str:
    admin(server, "create_principal", name="key owner", password=LONG, roles=["admin"])
    admin(server, "create_principal", name="someone else", roles=["admin"])
    return "key owner"


@pytest.fixture
def made(server: Server, owner: str) -> Iterator[dict[str, Any]]:
    """A key of the test's own: key_id and key."""
    row = admin(server, "create_key", principal=owner, name="a program")
    yield row
    admin(server, "revoke_key", key_id=row["key_id"])


def test_a_key_is_accepted_as_bearer_as_password_and_in_a_handshake(
    server: Server, owner: str, made: dict[str, Any]
) -> None:
    assert made["key"].startswith(f"lhk_{made['key_id']}_")
    assert who(server, bearer(made["key"])) == owner
    assert who(server, basic(owner, made["key"])) == owner
    with log_in(server, owner, made["key"]) as own:
        assert own.query("SELECT credential FROM catalog.sessions WHERE statements_running > 0").to_pylist() == [
            {"credential": "key"}
        ]


def test_both_python_doors_take_a_key(server: Server, made: dict[str, Any]) -> None:
    with connect(server.uri, token=made["key"]) as connection:
        assert query(connection, "SELECT 1 AS one").num_rows == 1
    with Operations(server.uri, token=made["key"]) as operations:
        assert operations.call("health")[0]["status"] == "ok"


def test_a_handshake_with_a_bearer_key_opens_a_session_of_its_own(server: Server, made: dict[str, Any]) -> None:
    class NoMessages(fl.ClientAuthHandler):
        def authenticate(self, outgoing: Any, incoming: Any) -> None:
            """The header is the credential."""

        def get_token(self) -> str:
            return ""

    client: Any = fl.connect(server.uri)
    headers: list[Any] = [bearer(made["key"])]
    before = server.rows("SELECT count(*) AS n FROM catalog.sessions WHERE key_id = ?", [made["key_id"]])
    client.authenticate(NoMessages(), fl.FlightCallOptions(headers=headers))
    client.close()
    after = server.rows("SELECT count(*) AS n FROM catalog.sessions WHERE key_id = ?", [made["key_id"]])
    assert after[0]["n"] == before[0]["n"] + 1


def test_calls_with_the_same_key_share_a_session_that_no_client_closes_for_the_others(
    server: Server, made: dict[str, Any]
) -> None:
    options = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {made['key']}"}
    one = flightsql.connect(server.uri, db_kwargs=options, autocommit=True)
    other = flightsql.connect(server.uri, db_kwargs=options, autocommit=True)
    query(one, "CREATE TEMP TABLE shared_by_key AS SELECT 1 AS a")
    one.close()
    assert query(other, "FROM shared_by_key").to_pylist() == [{"a": 1}]
    other.close()
    rows = server.rows("SELECT shared FROM catalog.sessions WHERE key_id = ?", [made["key_id"]])
    assert rows == [{"shared": True}]


def test_a_key_is_of_its_principal_only(server: Server, made: dict[str, Any]) -> None:
    assert "not of this principal" in refused(server, basic("someone else", made["key"])).message
    assert handshake_refused(server, "admin", made["key"]).code == "unauthenticated"


def test_a_key_that_was_changed_in_any_place_is_refused(server: Server, made: dict[str, Any]) -> None:
    key = made["key"]
    for forged in (key[:-1], key + "A", key.replace("lhk_", "lhk_0", 1), f"lhk_{made['key_id']}_", "lhk_", "lhk__"):
        assert refused(server, bearer(forged)).message == "the key is wrong, revoked or expired"


def test_revoking_a_key_ends_what_it_opened_at_once_and_nothing_else(
    server: Server, owner: str, made: dict[str, Any]
) -> None:
    with log_in(server, owner, made["key"]) as with_key, log_in(server, owner, LONG) as with_password:
        with_key.update("CREATE TEMP TABLE kept AS SELECT 1 AS a")
        assert admin(server, "revoke_key", key_id=made["key_id"])["sessions_ended"] == 1
        assert refusal(lambda: with_key.query("FROM kept")).code == "unauthenticated"
        assert with_password.query("SELECT 1 AS one").num_rows == 1
    assert refused(server, bearer(made["key"])).code == "unauthenticated"
    assert refused(server, basic(owner, made["key"])).code == "unauthenticated"
    [row] = server.rows("SELECT revoked_at FROM catalog.keys WHERE key_id = ?", [made["key_id"]])
    assert row["revoked_at"] is not None


def test_a_result_in_progress_ends_with_its_key(server: Server, owner: str, made: dict[str, Any]) -> None:
    with log_in(server, owner, made["key"]) as own:
        reader = stream(own, MUCH)
        reader.read_chunk()
        admin(server, "revoke_key", key_id=made["key_id"])
        assert refusal(reader.read_all).code in ENDED


def test_a_key_of_a_disabled_principal_is_refused_until_it_is_enabled(server: Server) -> None:
    admin(server, "create_principal", name="on leave", roles=["admin"])
    key = admin(server, "create_key", principal="on leave", name="k")["key"]
    assert who(server, bearer(key)) == "on leave"
    admin(server, "disable_principal", principal="on leave")
    assert refused(server, bearer(key)).code == "unauthenticated"
    error = refusal(lambda: admin(server, "create_key", principal="on leave", name="k2"))
    assert error.code == "invalid_argument"
    admin(server, "enable_principal", principal="on leave")
    assert who(server, bearer(key)) == "on leave"


def test_an_expired_key_and_the_session_that_it_opened_are_refused(server: Server, owner: str) -> None:
    row = admin(server, "create_key", principal=owner, name="short", expires_s=1.5)
    with log_in(server, owner, row["key"]) as own:
        assert own.query("SELECT 1 AS one").num_rows == 1
        expires_at = server.rows("SELECT epoch(expires_at) AS at FROM catalog.keys WHERE name = 'short'")[0]["at"]
        until(lambda: time.time() > expires_at)
        assert "expired" in refusal(lambda: own.query("SELECT 1 AS one")).message
    assert refused(server, bearer(row["key"])).code == "unauthenticated"


@pytest.mark.parametrize("arguments", [
    {"expires_s": 0}, {"expires_s": -1}, {"expires_s": 1e300}, {"expires_at": "2020-01-01T00:00:00Z"},
    {"expires_at": "2999-01-01T00:00:00"}, {"expires_at": "soon"}, {"name": ""}, {"name": "x" * 129},
    {"expires_s": 5, "expires_at": "2999-01-01T00:00:00Z"},
])  # fmt: skip
def test_a_key_without_a_sound_name_and_expiry_is_refused(server: Server, owner: str, arguments: Any) -> None:
    error = refusal(lambda: admin(server, "create_key", **{"principal": owner, "name": "k"} | arguments))
    assert error.code == "invalid_argument"


def test_the_key_is_kept_nowhere(server: Server, owner: str) -> None:
    with server.connect() as connection:
        call = f"CALL create_key(principal := '{owner}', name := 'by SQL', expires_at := '2999-01-01T00:00:00Z')"
        [row] = query(connection, call).to_pylist()
    listed = server.rows("SELECT * FROM catalog.keys WHERE key_id = ?", [row["key_id"]])
    assert [(r["name"], r["last_used_at"]) for r in listed] == [("by SQL", None)]
    assert who(server, bearer(row["key"])) == owner
    [used] = server.rows("SELECT last_used_at FROM catalog.keys WHERE key_id = ?", [row["key_id"]])
    assert used["last_used_at"] is not None
    secret = row["key"].split("_", 2)[2]
    assert secret not in str(server.rows("SELECT * FROM catalog.keys"))
    assert secret not in server.log.read_text()
    stored = [file for file in server.data.rglob("*") if file.is_file()]
    assert not any(secret.encode() in file.read_bytes() for file in stored)


def test_revoking_twice_is_the_same_as_once_and_an_unknown_key_is_not_found(
    server: Server, made: dict[str, Any]
) -> None:
    admin(server, "revoke_key", key_id=made["key_id"])
    assert admin(server, "revoke_key", key_id=made["key_id"])["sessions_ended"] == 0
    assert refusal(lambda: admin(server, "revoke_key", key_id="0" * 16)).code == "not_found"


def test_calls_that_race_to_use_a_key_first_open_one_session(server: Server, owner: str) -> None:
    row = admin(server, "create_key", principal=owner, name="raced")

    def call(_: int) -> int:
        bare = Bare(server, bearer(row["key"]))
        rows = bare.query("SELECT 1 AS one").num_rows
        bare.client.close()
        return rows

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(16))) == [1] * 16
    [count] = server.rows("SELECT count(*) AS n FROM catalog.sessions WHERE key_id = ?", [row["key_id"]])
    assert count == {"n": 1}
