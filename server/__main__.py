"""`python -m server`: the only place that wires everything. Its flags come from the settings."""

import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click
import pyarrow as pa
import pyarrow.flight as fl

from flight.actions import Actions
from flight.authentication import Authentication
from flight.catalog_commands import CatalogCommands
from flight.facts import server_facts
from flight.observing import observers
from flight.service import FlightService
from flight.transport import Transport
from server import logs
from server.access.principals import PASSWORD_VARIABLE
from server.application import Application
from server.catalog.listing import Listing
from server.config import Settings, environment_name, has_flag, unit_of
from server.config_sources import read_settings
from server.errors import LakehouseError, StartupError
from server.sessions.registry import Sessions
from server.version import VERSION
from udfs.register import register

SHUTDOWN_S_MAX = 10.0
SIGNAL_S = 0.5  # after which a signal is noticed that another thread was given
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(VERSION, prog_name="lakehouse")
def main() -> None:
    """Lakehouse: a SQL-first lakehouse behind one Arrow Flight SQL server."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A flag for each setting; unset ones stay None, so that weaker sources count."""
    for name, field in reversed(Settings.model_fields.items()):
        if has_flag(name):
            unit = f" [{unit_of(name)}]" if unit_of(name) else ""
            text = f"{field.description}{unit}  (default: {field.default!s}; {environment_name(name)})"
            command = click.option(f"--{name.replace('_', '-')}", name, default=None, help=text)(command)
    return command


@main.command()
@click.option(
    "--config", type=click.Path(path_type=Path), default=None, help="Settings file  (default: lakehouse.toml)."
)
@_with_settings
def serve(config: Path | None, **flags: Any) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Settings come from the settings file, then LAKEHOUSE_… environment variables, then flags; later ones win. What may
    hold a secret (lake_catalog, s3_access_key, s3_secret_key) has no flag.
    """
    try:
        settings, sources = read_settings(config, os.environ, flags)
        logs.configure(settings.log_level)
        _serve(settings, sources)
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the one line a person needs
        sys.exit(1)


@main.command()
@click.option("--host", default="127.0.0.1", help="Address of the server.")
@click.option("--port", default=31337, help="Port of the server.")
@click.option("--tls", is_flag=True, help="It speaks TLS. Its certificate is not checked.")
@click.option("--tls-certificate", type=click.File("rb"), help="A client certificate, if it asks for one.")
@click.option("--tls-key", type=click.File("rb"), help="The client certificate's key.")
def probe(host: str, port: int, tls: bool, tls_certificate: BinaryIO | None, tls_key: BinaryIO | None) -> None:
    """Exit with 0 if a server answers there, with 1 if not."""
    options: dict[str, Any] = {"disable_server_verification": True} if tls else {}
    if tls_certificate is not None and tls_key is not None:
        options |= {"cert_chain": tls_certificate.read(), "private_key": tls_key.read()}
    try:
        with fl.connect(f"{'grpc+tls' if tls else 'grpc'}://{_address(host)}:{port}", **options) as client:
            list(client.list_actions(fl.FlightCallOptions(timeout=5)))
    except fl.FlightUnauthenticatedError:
        return  # it answers, and asks who we are
    except (fl.FlightError, pa.ArrowException):
        sys.exit(1)


def _serve(settings: Settings, sources: dict[str, str]) -> None:
    """Serve until a signal. With TLS, SIGHUP takes up new certificates."""
    # Blocked before any thread starts, since threads inherit it, and waited for below: a handler of Python's would run
    # only once the main thread wakes, which a signal that another thread received does not bring about.
    waited_for = set(ENDING) if settings.tls_certificate is None else {*ENDING, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    received: list[int] = []
    for number in waited_for:  # libraries that were imported have begun threads already, which may be given it
        signal.signal(number, lambda number, _: received.append(number))
    for port in (settings.port, settings.tls_client_port or 0):
        _check_port(settings.host, port)
    _allow_open_files()
    transport = Transport(settings)
    application = Application.make(settings, sources)
    try:
        register(application)
        sessions, listing, made = application.start(os.environ.get(PASSWORD_VARIABLE))
        try:
            if made is not None:
                print(f"password of admin, shown this once: {made}", flush=True)  # noqa: T201
            application.operations.add(transport.operation())
            transport.open(_services(application, sessions, listing))
            if (metrics := application.observability.listen(sessions, application.logins)) is not None:
                print(f"metrics {metrics}", flush=True)  # noqa: T201
            if transport.certificate_address is not None:
                print(f"certificates {transport.certificate_address}", flush=True)  # noqa: T201
            print(f"ready {transport.address}", flush=True)  # noqa: T201
            while _signal(waited_for, received) == signal.SIGHUP:
                transport.reload_or_log()
            logs.logger("start").info("stopping")
            application.observability.stopping()
            sessions.interrupt()
            application.schedules.stop()
            application.jobs.stop()  # before the wait below: a call may be waiting for a job
            if not _shut_down(transport):
                # Their calls may never end, and closing DuckDB would wait for them: all that counts is on disk.
                with contextlib.suppress(LakehouseError):
                    application.log.sync()
                os._exit(0)
        finally:
            sessions.stop()
    finally:
        application.stop()


def _signal(waited_for: set[signal.Signals], received: list[int]) -> int:
    """Wait for one. received: those that another thread was given."""
    while not received:
        if (found := signal.sigtimedwait(waited_for, SIGNAL_S)) is not None:
            return found.si_signo
    return received.pop(0)


def _shut_down(transport: Transport) -> bool:
    """Wait for the calls in progress; a client that does not read its stream must not keep the server alive."""
    ended = transport.shutdown(SHUTDOWN_S_MAX)
    if not ended:
        logs.logger("start").warning("calls in progress were left behind", after_s=SHUTDOWN_S_MAX)
    return ended


def _services(
    application: Application, sessions: Sessions, listing: Listing
) -> Callable[[str, bool, dict[str, Any]], FlightService]:
    catalog = CatalogCommands(listing, server_facts(application.engine))
    actions = Actions(application.operations, sessions)

    def make(location: str, takes_certificates: bool, options: dict[str, Any]) -> FlightService:
        authentication = Authentication(application.logins, sessions, takes_certificates)
        return FlightService(location, authentication, catalog, actions, observers(application.observability), options)

    return make


def _allow_open_files() -> None:
    """As many as the system lets this process have: each connection takes one, and so does each open data file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS calls its limit infinite and refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_port(host: str, port: int) -> None:
    """gRPC shares a port that is in use rather than fail: look first."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe_socket:
        probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe_socket.bind((host, port))
        except OSError as error:
            raise StartupError(f"can't listen on {host}:{port}: {error.strerror}") from None


if __name__ == "__main__":
    main()
