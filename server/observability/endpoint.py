"""A small HTTP server for pages that tools read: bounded in connections and in time, so that none can hold it up."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from server.errors import StartupError
from server.logs import logger

CONNECTIONS_MAX = 16  # more are closed at once
CALL_S_MAX = 5.0  # from connecting to the answer; a request that comes in byte by byte ends here
LOOK_S = 0.5


@dataclass(frozen=True)
class Page:
    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[str], Page]]


class Endpoint:
    """Listens once made. pages: path → function of the request's Accept header."""

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        """Raises StartupError if it can't listen there."""
        try:
            self._server = _Server(host, port, pages)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StartupError(f"can't listen on {host}:{port} for metrics: {reason}") from None
        self._host = f"[{host}]" if ":" in host else host
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_S,), name="http", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://{self._host}:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Answer no more. Calls in progress end by themselves."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128  # what does not fit waits a second for its next try

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pages = pages
        self._deadlines: dict[Any, float] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._deadlines) >= CONNECTIONS_MAX
            if not full:
                self._deadlines[request] = time.monotonic() + CALL_S_MAX
        if full:
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The end of every connection, however it came about."""
        with self._lock:
            self._deadlines.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Every LOOK_S: end what takes too long. Its thread then sees the end of what it reads."""
        now = time.monotonic()
        with self._lock:
            overdue = [request for request, deadline in self._deadlines.items() if deadline < now]
            for request in overdue:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client has gone already
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger("http").debug("a connection ended before its answer", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CALL_S_MAX
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        page = self._page()
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _page(self) -> Page:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            return Page(HTTPStatus.NOT_FOUND, b"there are " + ", ".join(self.server.pages).encode() + b"\n")
        try:
            return page(self.headers.get("Accept", ""))
        except Exception:  # noqa: BLE001 - what went wrong is for the log alone
            logger("http").exception("a page could not be made", path=self.path)
            return Page(HTTPStatus.INTERNAL_SERVER_ERROR, b"internal error: see the server's log\n")

    def version_string(self) -> str:
        return "lakehouse"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Scrapes and probes come every few seconds: no line for each."""
