"""JSON Web Tokens at the door: whom they log in, for how long, and what becomes of forged ones."""

import json
import time
from collections.abc import Iterator

import pyarrow.flight as fl
import pytest

from clients.python import Operations, connect
from tests.access.calling import admin, basic, bearer, handshake_refused, log_in, refused, who
from tests.access.tokens import AUDIENCE, ISSUER, RsaKey, claims, hs256, raw
from tests.door.bare import Bare, refusal
from tests.door.test_limits import until
from tests.harness import Server, query
from tests.startup.refusal import refusal as start_refusal

KEY, OTHER, LEAVING = RsaKey("this year's"), RsaKey("another"), RsaKey("last year's")
FOR_US = ("--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--jwt-leeway-s", "0")


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes tokens of KEY, and of LEAVING until it leaves; ann is there."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "jwks.json").write_text(json.dumps({"keys": [KEY.jwk(), LEAVING.jwk()]}))
    with Server(folder / "data", "--jwt-jwks", str(folder / "jwks.json"), *FOR_US) as server:
        admin(server, "create_principal", name="ann", roles=["admin"])
        yield server


def test_a_token_is_accepted_as_bearer_as_password_and_in_a_handshake(trusting: Server) -> None:
    token = KEY.sign(claims())
    assert who(trusting, bearer(token)) == "ann"
    assert who(trusting, basic("ann", token)) == "ann"
    with log_in(trusting, "ann", token) as own:
        assert own.query("SELECT 1 AS one").num_rows == 1
    with connect(trusting.uri, token=token) as connection:
        assert query(connection, "SELECT 1 AS one").num_rows == 1
    with Operations(trusting.uri, token=token) as operations:
        assert operations.call("health")[0]["status"] == "ok"


def test_calls_with_the_same_token_share_one_session(trusting: Server) -> None:
    with Bare(trusting, bearer(KEY.sign(claims(jti="mine")))) as bare:
        bare.update("CREATE TEMP TABLE of_token AS SELECT 1 AS a")
        assert bare.query("FROM of_token").to_pylist() == [{"a": 1}]
    with Bare(trusting, bearer(KEY.sign(claims(jti="not mine")))) as other:
        assert refusal(lambda: other.query("FROM of_token")).code == "sql_error"


def test_forged_tokens_are_refused_wherever_they_are_sent(trusting: Server) -> None:
    payload = claims()
    for forged in (
        OTHER.sign(payload, kid=KEY.kid),
        OTHER.sign(payload),
        raw({"alg": "none", "kid": KEY.kid, "typ": "JWT"}, payload),
        hs256(payload, "0" * 32, kid=KEY.kid),
        KEY.sign(claims(exp=time.time() - 1)),
        KEY.sign(claims(aud="another server")),
        KEY.sign(payload)[:-4] + "AAAA",
    ):
        assert refused(trusting, bearer(forged)).code == "unauthenticated"
        assert handshake_refused(trusting, "ann", forged).code == "unauthenticated"
        assert forged not in trusting.log.read_text()


def test_a_token_for_nobody_for_somebody_else_and_for_a_disabled_principal_is_refused(trusting: Server) -> None:
    admin(trusting, "create_principal", name="gone", roles=["admin"])
    token = KEY.sign(claims("gone"))
    assert who(trusting, bearer(token)) == "gone"
    admin(trusting, "disable_principal", principal="gone")
    for header in (bearer(token), bearer(KEY.sign(claims("nobody"))), basic("admin", KEY.sign(claims()))):
        assert refused(trusting, header).code == "unauthenticated"


def test_a_session_ends_with_the_token_that_opened_it(trusting: Server) -> None:
    end = time.time() + 2
    token = KEY.sign(claims(exp=end))
    with log_in(trusting, "ann", token) as own, Bare(trusting, bearer(token)) as shared:
        assert own.query("SELECT 1 AS one").num_rows == shared.query("SELECT 1 AS one").num_rows == 1
        until(lambda: time.time() > end)
        assert "expired" in refusal(lambda: own.query("SELECT 1 AS one")).message
        assert refusal(lambda: shared.query("SELECT 1 AS one")).code == "unauthenticated"


def test_sessions_of_a_key_that_leaves_the_set_end_and_those_of_other_keys_go_on(trusting: Server) -> None:
    leaving, staying = LEAVING.sign(claims(jti="leaving")), KEY.sign(claims(jti="staying"))
    key = admin(trusting, "create_key", principal="ann", name="no token")["key"]
    with (
        log_in(trusting, "ann", leaving) as own,
        Bare(trusting, bearer(leaving)) as shared,
        Bare(trusting, bearer(staying)) as other,
        log_in(trusting, "ann", key) as by_key,
    ):
        for one in (own, shared, other, by_key):
            one.update("CREATE TEMP TABLE of_this AS SELECT 1 AS a")
        renewed = trusting.data.parent / "renewed.json"
        renewed.write_text(json.dumps({"keys": [KEY.jwk()]}))
        renewed.replace(trusting.data.parent / "jwks.json")
        for one in (own, shared):
            until(lambda one=one: _is_refused(one))  # type: ignore[misc]
        for one in (other, by_key):
            assert one.query("FROM of_this").num_rows == 1
    assert handshake_refused(trusting, "ann", leaving).code == "unauthenticated"


def _is_refused(bare: Bare) -> bool:
    try:
        bare.act("health")
    except fl.FlightUnauthenticatedError:
        return True
    return False


def test_a_server_that_trusts_no_issuer_refuses_tokens(server: Server) -> None:
    assert "takes no JSON Web Tokens" in refused(server, bearer(hs256(claims("admin")))).message


def test_tokens_without_an_issuer_to_trust_keep_the_server_from_starting(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    secret = {"LAKEHOUSE_JWT_SECRET": "s" * 40}
    message = start_refusal(Server(tmp_path_factory.mktemp("untrusting") / "data", environment=secret))
    assert message.startswith("setting jwt_issuer is empty")
