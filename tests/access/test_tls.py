"""TLS: what is encrypted, who trusts whom, and settings that don't fit."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.flight as fl
import pytest

from clients.python import DRIVER_ERRORS, LakehouseError, Operations, Tls, connect
from flight.tls import check_settings, read_files
from server.config import Settings
from server.errors import InvalidArgument, StartupError
from tests.access.certificates import DAY, LOOPBACK, Authority
from tests.access.conftest import Secure
from tests.harness import PASSWORD, ROOT, Server, query
from tests.startup.refusal import refusal as start_refusal


def test_the_ready_line_names_the_scheme_and_both_doors_speak_it(secure: Secure) -> None:
    assert secure.server.uri.startswith("grpc+tls://127.0.0.1:")
    with connect(secure.server.uri, "admin", PASSWORD, tls=secure.trusting) as connection:
        assert query(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    assert secure.admin("health")["status"] == "ok"


def test_a_client_that_does_not_trust_the_authority_says_so(secure: Secure, tmp_path: Path) -> None:
    for tls in (Tls(), Tls(Authority(tmp_path).ca)):
        with pytest.raises(LakehouseError) as raised:
            Operations(secure.server.uri, "admin", PASSWORD, tls=tls)
        assert raised.value.code == "unavailable"


def test_a_client_without_tls_is_refused_and_the_server_goes_on(secure: Secure) -> None:
    with pytest.raises(LakehouseError):
        Operations(secure.server.uri.replace("+tls", ""), "admin", PASSWORD)
    assert secure.admin("health")["status"] == "ok"


def test_the_command_line_and_the_probe_speak_tls(secure: Secure, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    options = ["--uri", secure.server.uri, "--password-file", str(tmp_path / "password")]
    command = [sys.executable, "-m", "clients.cli", *options, "--tls-ca", str(secure.authority.ca), "call", "health"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    probe = [sys.executable, "-m", "server", "probe", "--port", str(secure.server.port)]
    assert subprocess.run([*probe, "--tls"], cwd=ROOT, check=False).returncode == 0


def test_a_required_certificate_keeps_others_from_every_handler(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.write("server", authority.server())
    flags = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--tls-client-ca", str(authority.ca))
    with Server(tmp_path / "data", *flags, "--tls-client-required", "true") as server:
        shown = authority.client("any")
        stranger = Authority(tmp_path, "stranger").client("stranger")
        expired = authority.client("expired", valid_for=-DAY)
        with connect(server.uri, "admin", PASSWORD, tls=shown) as connection:
            assert query(connection, "SELECT 1 AS one").num_rows == 1
        logins = server.log.read_text().count('"event": "login')
        for tls in (Tls(authority.ca), Tls(authority.ca, stranger.certificate, stranger.key), expired):
            client: Any = fl.connect(server.uri, **tls.flight_options())
            with pytest.raises(DRIVER_ERRORS):
                client.authenticate_basic_token("admin", PASSWORD)
            with pytest.raises(fl.FlightUnavailableError):
                list(client.list_actions(fl.FlightCallOptions(timeout=10)))
            client.close()
        assert server.log.read_text().count('"event": "login') == logins
        client = fl.connect(server.uri, **shown.flight_options())
        with pytest.raises(fl.FlightUnauthenticatedError):  # it is no login here
            list(client.list_actions())
        client.close()


@pytest.mark.parametrize(("given", "named"), [
    ({"tls_certificate": "c"}, "set both or none"),
    ({"tls_key": "k"}, "set both or none"),
    ({"tls_client_ca": "a"}, "needs tls_certificate"),
    ({"tls_client_required": True}, "need tls_client_ca"),
    ({"tls_client_port": 0}, "need tls_client_ca"),
    ({"tls_certificate": "c", "tls_key": "k", "tls_client_required": True}, "need tls_client_ca"),
    ({"tls_certificate": "c", "tls_key": "k", "tls_client_ca": "a"}, "needs tls_client_required"),
])  # fmt: skip
def test_settings_that_do_not_fit_keep_the_server_from_starting(given: dict[str, Any], named: str) -> None:
    with pytest.raises(StartupError, match=named):
        check_settings(Settings.model_validate(given))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def settings(certificate: Path, key: Path, ca: Path | None = None) -> Settings:
    port = None if ca is None else 0
    given = {"tls_certificate": certificate, "tls_key": key, "tls_client_ca": ca, "tls_client_port": port}
    return Settings.model_validate(given)


def test_files_that_fit_are_read(authority: Authority) -> None:
    files = read_files(settings(*authority.write("good", authority.server()), authority.ca))
    assert files is not None
    assert "PRIVATE" not in repr(files)


def test_files_that_do_not_fit_are_refused_naming_the_setting(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.write("good", authority.server())
    _, other_key = authority.write("other", authority.server())
    signed = authority.server()
    locked = tmp_path / "locked.key"
    locked.write_bytes(signed.key_pem(b"a password"))
    locked_certificate, _ = authority.write("locked-up", signed)
    expired, expired_key = authority.write("expired", authority.sign("x", *LOOPBACK, valid_for=timedelta(seconds=-60)))
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff no PEM")
    for given, named in (
        (settings(junk, key), "tls_certificate"),
        (settings(certificate, junk), "tls_key"),
        (settings(certificate, other_key), "is not the key of"),
        (settings(locked_certificate, locked), "is encrypted"),
        (settings(expired, expired_key), "not now"),
        (settings(certificate, key, junk), "tls_client_ca"),
        (settings(certificate, key, key), "tls_client_ca"),
        (settings(tmp_path / "nowhere", key), "tls_certificate"),
        (settings(certificate, tmp_path), "tls_key"),
    ):
        with pytest.raises(InvalidArgument, match=named) as raised:
            read_files(given)
        assert "BEGIN" not in str(raised.value)


def test_a_server_does_not_start_with_files_that_do_not_fit(tmp_path: Path, authority: Authority) -> None:
    certificate, _ = authority.write("one", authority.server())
    _, key = authority.write("other", authority.server())
    message = start_refusal(Server(tmp_path / "data", "--tls-certificate", str(certificate), "--tls-key", str(key)))
    assert message.startswith("setting tls_key: ")
    assert "is not the key of tls_certificate" in message
