"""Client certificates: whom they log in, on the port that is for them."""

from typing import Any

import pyarrow.flight as fl
import pytest
from cryptography import x509

from clients.python import LakehouseError, Operations, Tls, connect
from tests.access.calling import basic, bearer
from tests.access.certificates import DAY, Authority
from tests.access.conftest import Secure
from tests.door.bare import refusal
from tests.harness import PASSWORD, query

LONG = "a password of enough characters"
WHO = "SELECT principal, credential FROM catalog.sessions WHERE statements_running > 0"


@pytest.fixture(scope="module", autouse=True)
def principals(secure: Secure) -> None:
    for name, subject in {"ann": "ann", "svc": "spiffe://lake.example/svc", "mail": "mail@lake.example"}.items():
        secure.admin("create_principal", name=name, roles=["admin"], certificate_subject=subject)


def who(secure: Secure, tls: Tls) -> dict[str, str]:
    with connect(secure.certificate_uri, "", tls=tls) as connection:
        row: dict[str, str] = query(connection, WHO).to_pylist()[0]
        return row


def denied(secure: Secure, tls: Tls, *headers: Any) -> LakehouseError:
    client: Any = fl.connect(secure.certificate_uri, **tls.flight_options())
    try:
        return refusal(lambda: list(client.list_actions(fl.FlightCallOptions(timeout=10, headers=list(headers)))))
    finally:
        client.close()


def test_the_first_alternative_name_logs_in_and_the_common_name_where_there_is_none(secure: Secure) -> None:
    authority = secure.authority
    by_uri = authority.client("ann", x509.UniformResourceIdentifier("spiffe://lake.example/svc"), x509.DNSName("ann"))
    by_mail = authority.client("any", x509.RFC822Name("mail@lake.example"))
    assert who(secure, by_uri) == {"principal": "svc", "credential": "certificate"}
    assert who(secure, by_mail)["principal"] == "mail"
    assert who(secure, authority.client("ann"))["principal"] == "ann"


def test_operations_log_in_by_certificate_too(secure: Secure) -> None:
    tls = secure.authority.client("ann")
    with Operations(secure.certificate_uri, "", tls=tls) as operations:
        assert operations.call("health")[0]["status"] == "ok"


def test_calls_with_one_certificate_share_a_session(secure: Secure) -> None:
    tls = secure.authority.client("ann")
    with connect(secure.certificate_uri, "", tls=tls) as one, connect(secure.certificate_uri, "", tls=tls) as other:
        query(one, "CREATE TEMP TABLE IF NOT EXISTS by_certificate AS SELECT 1 AS a")
        assert query(other, "FROM by_certificate").to_pylist() == [{"a": 1}]


@pytest.mark.parametrize("name", ["nobody", "Ann", "ann ", "ann\0", "ann,O=x", "*"])
def test_a_certificate_that_names_nobody_is_refused(secure: Secure, name: str) -> None:
    error = denied(secure, secure.authority.client(name))
    assert (error.code, error.message) == ("unauthenticated", "no principal logs in by the name in this certificate")


def test_a_certificate_without_a_name_is_refused(secure: Secure) -> None:
    assert denied(secure, secure.authority.client("")).code == "unauthenticated"


def test_no_certificate_one_of_another_authority_and_an_expired_one_reach_nothing(secure: Secure) -> None:
    stranger = Authority(secure.authority.folder, "stranger").client("ann")
    for tls in (
        secure.trusting,
        Tls(secure.authority.ca, stranger.certificate, stranger.key),
        secure.authority.client("ann", valid_for=-DAY),
    ):
        error = denied(secure, tls)
        assert "[" not in str(error), "a handler answered"


def test_disabling_the_principal_ends_what_its_certificate_opened(secure: Secure) -> None:
    secure.admin("create_principal", name="leaving", roles=["admin"], certificate_subject="leaving")
    tls = secure.authority.client("leaving")
    with connect(secure.certificate_uri, "", tls=tls) as connection:
        query(connection, "SELECT 1 AS one")
        assert secure.admin("disable_principal", principal="leaving")["sessions_ended"] == 1
        assert refusal(lambda: query(connection, "SELECT 1 AS one")).code == "unauthenticated"


def test_a_certificate_taken_from_a_principal_logs_in_no_more(secure: Secure) -> None:
    secure.admin("create_principal", name="moving", roles=["admin"], certificate_subject="moving")
    tls = secure.authority.client("moving")
    assert who(secure, tls)["principal"] == "moving"
    assert secure.admin("set_certificate_subject", principal="moving")["sessions_ended"] == 1
    assert denied(secure, tls).code == "unauthenticated"


def test_a_subject_belongs_to_one_principal(secure: Secure) -> None:
    for operation, arguments in {
        "create_principal": {"name": "second ann"},
        "set_certificate_subject": {"principal": "svc"},
    }.items():
        error = refusal(
            lambda o=operation, a=arguments: secure.admin(o, certificate_subject="ann", **a)  # type: ignore[misc]
        )
        assert error.code == "already_exists"


def test_credentials_in_a_header_count_before_the_certificate(secure: Secure) -> None:
    key = secure.admin("create_key", principal="mail", name="k")["key"]
    tls = secure.authority.client("ann")
    client: Any = fl.connect(secure.certificate_uri, **tls.flight_options())
    headers: list[Any] = [bearer(key)]
    options = fl.FlightCallOptions(headers=headers)
    with secure.operations() as operations:
        list(client.do_action(fl.Action("health", b""), options))
        with connect(secure.server.uri, "admin", PASSWORD, tls=secure.trusting) as connection:
            text = "SELECT principal FROM catalog.sessions WHERE credential = 'key'"
            assert query(connection, text).to_pylist() == [{"principal": "mail"}]
        assert operations.call("health")[0]["status"] == "ok"
    client.close()
    assert denied(secure, tls, basic("admin", "a wrong password")).code == "unauthenticated"
    assert denied(secure, tls, bearer("forged")).code == "unauthenticated"


def test_a_certificate_logs_nobody_in_on_the_other_port(secure: Secure) -> None:
    tls = secure.authority.client("ann")
    client: Any = fl.connect(secure.server.uri, **tls.flight_options())
    assert refusal(lambda: list(client.list_actions())).code == "unauthenticated"
    client.close()


def test_the_certificate_port_says_that_it_has_no_handshake(secure: Secure) -> None:
    with pytest.raises(LakehouseError, match="does not have an authentication mechanism"):
        Operations(secure.certificate_uri, "admin", PASSWORD, tls=secure.authority.client("ann"))
