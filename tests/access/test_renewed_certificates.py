"""New certificates are taken up while the server runs: sessions and results in progress go on."""

import json
import signal
import socket
import ssl
from hashlib import sha256
from typing import Any

import pyarrow.flight as fl

from clients.python import DRIVER_ERRORS, LakehouseError
from flight.gen import flight_sql_pb2 as sql
from tests.access.calling import MUCH
from tests.access.conftest import Secure
from tests.door.bare import descriptor, refusal
from tests.door.test_limits import until
from tests.harness import PASSWORD


def shown(secure: Secure, uri: str | None = None) -> str:
    """Fingerprint of the certificate that a new client is shown; '' while the port is taken again."""
    context = ssl.create_default_context(cafile=secure.authority.ca)
    context.set_alpn_protocols(["h2"])
    if uri is not None:
        own = secure.authority.client("watching")
        context.load_cert_chain(str(own.certificate), str(own.key))
    port = int((uri or secure.server.uri).rsplit(":", 1)[1])
    try:
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as wrapped,
        ):
            return sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
    except OSError:
        return ""


def renew(secure: Secure) -> str:
    """Write a new certificate; its fingerprint."""
    signed = secure.authority.server()
    secure.authority.write("server", signed)
    return signed.certificate.fingerprint(signed.certificate.signature_hash_algorithm).hex()  # type: ignore[arg-type]


def events(secure: Secure, event: str) -> list[dict[str, Any]]:
    lines = [line for line in secure.server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == event]


def test_a_change_of_the_files_is_noticed_on_both_ports(secure: Secure) -> None:
    fingerprint = renew(secure)
    until(lambda: shown(secure) == fingerprint)
    until(lambda: shown(secure, secure.certificate_uri) == fingerprint)


def test_a_result_in_progress_and_its_session_go_on_across_a_renewal(secure: Secure) -> None:
    client: Any = fl.connect(secure.server.uri, **secure.trusting.flight_options())
    options = fl.FlightCallOptions(headers=[client.authenticate_basic_token("admin", PASSWORD)])

    def info(text: str) -> Any:
        return client.get_flight_info(descriptor(sql.CommandStatementQuery(query=text)), options).endpoints[0].ticket

    reader = client.do_get(info(MUCH.replace("20_000_000", "300_000")), options)
    rows = reader.read_chunk().data.num_rows
    fingerprint = renew(secure)
    until(lambda: shown(secure) == fingerprint)
    rows += sum(chunk.data.num_rows for chunk in reader)
    assert rows == 300_000

    def goes_on() -> bool:
        try:
            return bool(client.do_get(info("SELECT 1 AS one"), options).read_all().num_rows == 1)
        except DRIVER_ERRORS:  # it connects anew, maybe while the port is taken again
            return False

    until(goes_on)
    client.close()


def test_an_operation_and_a_signal_take_them_up_at_once(secure: Secure) -> None:
    with secure.operations() as operations:
        assert operations.call("reload_certificates")[0]["fingerprint"] == shown(secure)
        fingerprint = renew(secure)
        # The watch may have been first.
        assert operations.call("reload_certificates")[0]["fingerprint"] == fingerprint
        assert shown(secure) == fingerprint
    fingerprint = renew(secure)
    secure.server.process.send_signal(signal.SIGHUP)
    until(lambda: shown(secure) == fingerprint)
    assert secure.server.process.poll() is None


def test_files_that_can_not_be_used_leave_the_certificate_before_and_are_logged(secure: Secure) -> None:
    before = shown(secure)
    _, key = secure.authority.write("server", secure.authority.server())
    until(lambda: shown(secure) not in ("", before))
    before = shown(secure)
    failures = len(events(secure, "the TLS files can't be used; the certificates before go on"))
    key.write_bytes(secure.authority.server().key_pem())  # of another certificate
    until(lambda: len(events(secure, "the TLS files can't be used; the certificates before go on")) > failures)
    assert shown(secure) == before
    with secure.operations() as operations:
        error = refusal(lambda: operations.call("reload_certificates"))
        assert isinstance(error, LakehouseError)
        assert (error.code, "is not the key of" in error.message) == ("invalid_argument", True)
    assert "PRIVATE" not in secure.server.log.read_text()
    fingerprint = renew(secure)
    until(lambda: shown(secure) == fingerprint)
