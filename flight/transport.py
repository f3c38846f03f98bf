"""The ports: opened at the start, opened anew with new certificates, closed at the end.

pyarrow has a certificate for the life of a server object, and forbids two of them on one port. So a port is given up
and taken again at once: calls in progress go on at the former object, whose port is closed; its clients connect anew
for their next call. Sessions are not of a port, so they go on. Whoever connects in the moment between (1 to 2 ms) is
refused.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl

from flight.authentication import Handshakes
from flight.tls import check_settings, read_files, stamp
from server.config import Settings
from server.errors import InvalidArgument, LakehouseError, StartupError, Unavailable
from server.logs import logger
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

DRAINING_MAX = 4  # former services whose calls have not ended
REOPEN_EVERY_S = 0.001
REOPEN_WARN_S = 5.0
# Makes a service: its address, whether certificates log in there, and further arguments of pyarrow's server.
MakeService = Callable[[str, bool, dict[str, Any]], fl.FlightServerBase]
RELOADED = schema_of(reloaded=pa.bool_(), fingerprint=pa.string(), expires_at=pa.timestamp("us", "UTC"))


class ReloadCertificates(Arguments):
    pass


@dataclass
class Port:
    """number: as bound. for_certificates: clients log in by certificate there, and there is no Handshake."""

    number: int
    for_certificates: bool
    service: fl.FlightServerBase


class Transport:
    _make: MakeService  # from `open` on

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet. Raises StartupError for TLS files that can't be used."""
        check_settings(settings)
        self._settings = settings
        self._stamp = stamp(settings)
        try:
            self._files = read_files(settings)
        except InvalidArgument as error:
            raise StartupError(f"setting {error}") from None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._draining: list[threading.Thread] = []
        self._log = logger("transport")
        self._ports: list[Port] = []
        self._watch = threading.Thread(target=self._run, name="certificates", daemon=True)

    def open(self, make: MakeService) -> None:
        """Raises StartupError for a port that can't be had."""
        self._make = make
        with self._lock:
            self._ports.append(self._open(self._settings.port, False))
            if self._settings.tls_client_port is not None:
                self._ports.append(self._open(self._settings.tls_client_port, True))
        if self._files is not None:
            self._watch.start()

    @property
    def address(self) -> str:
        return self._location(self._ports[0].number)

    @property
    def certificate_address(self) -> str | None:
        """Where certificates log in."""
        return self._location(self._ports[1].number) if len(self._ports) > 1 else None

    def operation(self) -> Operation[ReloadCertificates]:
        return Operation(
            "reload_certificates",
            "Take up new TLS certificates now rather than when the change of their files is noticed.",
            ReloadCertificates,
            RELOADED,
            self._operate,
        )

    def reload(self) -> bool:
        """Read the files and open the ports anew if they hold something new; whether they did.

        Raises InvalidArgument for files that can't be used, Unavailable while too many former services have calls in
        progress: the certificates before go on in both cases.
        """
        with self._lock:
            self._stamp = stamp(self._settings)
            files = read_files(self._settings)
            if files is None or files == self._files or self._stop.is_set():
                return False
            self._draining = [thread for thread in self._draining if thread.is_alive()]
            if len(self._draining) + len(self._ports) > DRAINING_MAX:
                raise Unavailable("calls are in progress under earlier certificates: try again when they have ended")
            self._files = files
            for port in self._ports:
                self._draining.append(_closing(port.service))
                self._reopen(port)
        self._log.info("new certificates", fingerprint=files.fingerprint, expires_at=files.expires_at.isoformat())
        return True

    def reload_or_log(self) -> None:
        try:
            self.reload()
        except LakehouseError as error:
            self._log.error("the TLS files can't be used; the certificates before go on", error=str(error))

    def shutdown(self, within_s: float) -> bool:
        """Close the ports and wait for the calls in progress; whether all ended in time."""
        self._stop.set()
        with self._lock:
            self._draining += [_closing(port.service) for port in self._ports]
        deadline = time.monotonic() + within_s
        for thread in self._draining:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._draining)

    def _run(self) -> None:
        while not self._stop.wait(self._settings.tls_check_s):
            if stamp(self._settings) != self._stamp:
                self.reload_or_log()

    def _operate(self, caller: Caller, arguments: ReloadCertificates) -> list[dict[str, Any]]:
        if self._files is None:
            raise InvalidArgument("this server does not speak TLS: set tls_certificate and tls_key")
        reloaded, files = self.reload(), self._files
        return [{"reloaded": reloaded, "fingerprint": files.fingerprint, "expires_at": files.expires_at}]

    def _open(self, number: int, for_certificates: bool) -> Port:
        try:
            service = self._made(number, for_certificates)
        except (pa.ArrowException, OSError) as error:
            raise StartupError(f"can't listen on {self._settings.host}:{number}: {error}") from None
        return Port(service.port, for_certificates, service)

    def _reopen(self, port: Port) -> None:
        """Until it succeeds: the service before may hold the port a moment longer."""
        warned_at = time.monotonic()
        while not self._stop.is_set():
            try:
                port.service = self._made(port.number, port.for_certificates)
            except (pa.ArrowException, OSError) as error:
                if time.monotonic() - warned_at > REOPEN_WARN_S:
                    warned_at = time.monotonic()
                    self._log.error("the port can't be opened again, trying on", port=port.number, error=str(error))
                time.sleep(REOPEN_EVERY_S)
            else:
                return

    def _made(self, number: int, for_certificates: bool) -> fl.FlightServerBase:
        options: dict[str, Any] = {} if for_certificates else {"auth_handler": Handshakes()}
        if self._files is not None:
            options |= self._files.server_options(for_certificates or self._settings.tls_client_required)
        return self._make(self._location(number), for_certificates, options)

    def _location(self, number: int) -> str:
        host = self._settings.host
        scheme = "grpc" if self._files is None else "grpc+tls"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{number}"


def _closing(service: fl.FlightServerBase) -> threading.Thread:
    """Close its port at once; the thread ends with its last call."""
    thread = threading.Thread(target=service.shutdown, name="draining", daemon=True)
    thread.start()
    return thread
