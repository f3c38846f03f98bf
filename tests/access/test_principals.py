"""Principals: made, given passwords, disabled and enabled by operations that only administrators may call."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from clients.python import LakehouseError, Operations, connect
from tests.access.calling import ENDED, MUCH, admin, basic, handshake_refused, log_in, refused, stream, who
from tests.door.bare import refusal
from tests.harness import PASSWORD, Server, query

LONG = "a password of enough characters"


def test_a_principal_logs_in_with_its_password(server: Server) -> None:
    made = admin(server, "create_principal", name="ada", password=LONG, roles=["admin"])
    assert made == {"name": "ada", "roles": ["admin"], "has_password": True, "disabled": False}
    with connect(server.uri, "ada", LONG) as connection:
        rows = query(connection, "SELECT * FROM catalog.principals WHERE name = 'ada'").to_pylist()
    assert (rows[0]["roles"], rows[0]["has_password"], rows[0]["disabled"]) == (["admin"], True, False)
    assert rows[0]["actor"] == "admin"
    assert refused(server, basic("ada", "another password")).code == "unauthenticated"


def test_a_principal_that_is_no_administrator_logs_in_and_is_refused_statements_and_operations(server: Server) -> None:
    admin(server, "create_principal", name="bob", password=LONG, roles=["analyst"])
    server.rows("CREATE TABLE IF NOT EXISTS seen_by_admins (a INTEGER)")
    with connect(server.uri, "bob", LONG) as connection:
        error = refusal(lambda: query(connection, "SELECT 1 AS one"))
        assert error.code == "permission_denied"
        assert "no role that may run statements" in error.message
        listed = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        assert "seen_by_admins" not in str(listed)
    with Operations(server.uri, "bob", LONG) as operations:
        for name in ("create_principal", "create_key", "disable_principal", "end_sessions", "reload_certificates"):
            with pytest.raises(LakehouseError) as raised:
                operations.call(name)
            assert raised.value.code == "permission_denied"


@pytest.mark.parametrize(
    "name", ["", " ada", "a:b", "tab\tbed", "nul\0", "x" * 129, "lakehouse", "Lakehouse", "a\u200bb"]
)
def test_a_name_that_could_not_log_in_or_be_told_apart_is_refused(server: Server, name: str) -> None:
    error = refusal(lambda: admin(server, "create_principal", name=name, password=LONG))
    assert error.code == "invalid_argument"


def test_a_name_is_taken_once_whatever_its_case(server: Server) -> None:
    admin(server, "create_principal", name="Cora")
    assert refusal(lambda: admin(server, "create_principal", name="cORA")).code == "already_exists"


@pytest.mark.parametrize("password", ["short", "x" * 1025, "lhk_0123456789abcdef_secret", "eyJhbGci.eyJzdWIi.c2ln"])
def test_a_password_that_is_no_good_is_refused_and_not_repeated(server: Server, password: str) -> None:
    error = refusal(lambda: admin(server, "create_principal", name="dora", password=password))
    assert error.code == "invalid_argument"
    assert password not in str(error)


def test_a_principal_without_a_password_has_none_that_works(server: Server) -> None:
    admin(server, "create_principal", name="eve")
    for secret in ("", "nobody", "None", "null"):
        assert handshake_refused(server, "eve", secret).code == "unauthenticated"


def test_disabling_a_principal_ends_its_sessions_at_once_and_enabling_lets_it_in_again(server: Server) -> None:
    admin(server, "create_principal", name="fay", password=LONG, roles=["admin"])
    with log_in(server, "fay", LONG) as own:
        own.query("SELECT 1 AS one")
        assert admin(server, "disable_principal", principal="fay") == {"principal": "fay", "sessions_ended": 1}
        assert refusal(lambda: own.query("SELECT 1 AS one")).code == "unauthenticated"
    assert refused(server, basic("fay", LONG)).message == "name or password is wrong"
    admin(server, "enable_principal", principal="fay")
    assert who(server, basic("fay", LONG)) == "fay"


def test_a_statement_in_progress_ends_with_its_principal(server: Server) -> None:
    admin(server, "create_principal", name="gus", password=LONG, roles=["admin"])
    with log_in(server, "gus", LONG) as own:
        reader = stream(own, MUCH)
        reader.read_chunk()
        admin(server, "disable_principal", principal="gus")
        assert refusal(reader.read_all).code in ENDED


def test_a_new_password_ends_every_session_but_the_one_that_set_it(server: Server) -> None:
    admin(server, "create_principal", name="hal", password=LONG, roles=["admin"])
    with log_in(server, "hal", LONG) as other, Operations(server.uri, "hal", LONG) as own:
        [row] = own.call("set_password", principal="hal", password="a newer password")
        assert row == {"principal": "hal", "sessions_ended": 1}
        assert refusal(lambda: other.query("SELECT 1 AS one")).code == "unauthenticated"
        assert own.call("health")[0]["status"] == "ok"
    assert refused(server, basic("hal", LONG)).code == "unauthenticated"
    assert who(server, basic("hal", "a newer password")) == "hal"


def test_somebody_is_always_left_who_may_change_principals(server: Server) -> None:
    error = refusal(lambda: admin(server, "disable_principal", principal="admin"))
    assert error.code == "invalid_argument"
    assert "logged in as" in error.message


def test_operations_on_a_principal_that_is_not_there_say_so(server: Server) -> None:
    for operation, arguments in {
        "set_password": {"password": LONG},
        "disable_principal": {},
        "enable_principal": {},
        "end_sessions": {},
        "set_certificate_subject": {},
        "create_key": {"name": "a key"},
    }.items():
        error = refusal(lambda o=operation, a=arguments: admin(server, o, principal="nobody at all", **a))  # type: ignore[misc]
        assert error.code == "not_found"


def test_passwords_given_in_sql_reach_neither_log_nor_query_log(server: Server) -> None:
    secret = "the secret of Iris, typed in SQL"
    server.rows("CALL create_principal(name := 'iris', password := ?)", [secret])
    server.rows(f"CALL set_password(principal := 'iris', password := '{secret}!')")
    assert secret not in server.log.read_text()
    assert secret not in str(server.rows("SELECT * FROM catalog.query_log"))
    assert refusal(lambda: server.rows("SELECT * FROM catalog.principal_events")).code == "permission_denied"
    assert refusal(lambda: server.rows("SELECT * FROM catalog.api_key_events")).code == "permission_denied"
    assert PASSWORD not in server.log.read_text()


def test_two_who_make_the_same_principal_at_once_make_one(server: Server) -> None:
    def make(_: int) -> str:
        try:
            admin(server, "create_principal", name="jan")
        except LakehouseError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == ["already_exists"] * 3 + ["made"]
    assert len(server.rows("SELECT name FROM catalog.principals WHERE name = 'jan'")) == 1
