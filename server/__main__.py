"""`python -m server`: the only place that wires everything. Its flags come from the settings."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.flight as fl

from flight.actions import Actions
from flight.authentication import Authentication
from flight.catalog_commands import CatalogCommands
from flight.service import FlightService
from flight.sql_claims import ServerFacts
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
ENDING = (signal.SIGINT, signal.SIGTERM)


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
        calls_ended = _serve(settings, sources)
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the one line a person needs
        sys.exit(1)
    if not calls_ended:
        # gRPC would wait for a client that does not read, for ever; all that counts is written by now.
        os._exit(0)


@main.command()
@click.option("--host", default="127.0.0.1", help="Address of the server.")
@click.option("--port", default=31337, help="Port of the server.")
def probe(host: str, port: int) -> None:
    """Exit with 0 if a server answers there, with 1 if not."""
    try:
        with fl.connect(f"grpc://{host}:{port}") as client:
            list(client.list_actions(fl.FlightCallOptions(timeout=5)))
    except fl.FlightUnauthenticatedError:
        return  # it answers, and asks who we are
    except (fl.FlightError, pa.ArrowException):
        sys.exit(1)


def _serve(settings: Settings, sources: dict[str, str]) -> bool:
    """Serve until a signal; whether every call had ended by then."""
    # Blocked before any thread starts, since threads inherit it, and waited for below: a handler of Python's would run
    # only once the main thread wakes, which a signal that another thread received does not bring about.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    _check_port(settings.host, settings.port)
    application = Application.make(settings, sources)
    try:
        register(application)
        sessions, listing, made = application.start(os.environ.get(PASSWORD_VARIABLE))
        try:
            if made is not None:
                print(f"password of admin, shown this once: {made}", flush=True)  # noqa: T201
            service = _service(application, sessions, listing)
            print(f"ready grpc://{_address(settings.host)}:{service.port}", flush=True)  # noqa: T201
            signal.sigwait(ENDING)
            logs.logger("start").info("stopping")
            sessions.interrupt()
            application.jobs.stop()  # before the wait below: a call may be waiting for a job
            return _shut_down(service)
        finally:
            sessions.stop()
    finally:
        application.stop()


def _shut_down(service: FlightService) -> bool:
    """Wait for the calls in progress; a client that does not read its stream must not keep the server alive."""
    waiting = threading.Thread(target=service.shutdown, daemon=True)
    waiting.start()
    waiting.join(SHUTDOWN_S_MAX)
    if waiting.is_alive():
        logs.logger("start").warning("calls in progress were left behind", after_s=SHUTDOWN_S_MAX)
    return not waiting.is_alive()


def _service(application: Application, sessions: Sessions, listing: Listing) -> FlightService:
    settings = application.settings
    facts = ServerFacts(
        version=VERSION,
        arrow_version=pa.__version__,
        statement_timeout_ms=int(settings.statement_s_max * 1000),
        connections_max=settings.sessions_max,
        open_statements_max=settings.prepared_max,
    )
    try:
        return FlightService(
            f"grpc://{_address(settings.host)}:{settings.port}",
            Authentication(application.principals, sessions),
            CatalogCommands(listing, facts),
            Actions(application.operations, sessions),
        )
    except (pa.ArrowException, OSError) as error:
        raise StartupError(f"can't listen on {settings.host}:{settings.port}: {error}") from None


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
