"""A receiver of traces: an HTTP server that takes what OTLP/HTTP exporters send, and decodes it."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ARRIVED_S = 20.0


class Receiver:
    """Listens on a free port while it is entered. `address`: for the setting otel_endpoint."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.paths: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.append(self.path)
                receiver.requests.append(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Not among the test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self, **attributes: str) -> list[Any]:
        """The spans that have arrived and have these attributes, dots written as double underscores."""
        wanted = {name.replace("__", "."): value for name, value in attributes.items()}
        found = [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return [span for span in found if wanted.items() <= values(span).items()]

    def wait_for(self, number: int, **attributes: str) -> list[Any]:
        """So many spans with these attributes: they come in batches."""
        deadline = time.monotonic() + ARRIVED_S
        while len(found := self.spans(**attributes)) < number:
            assert time.monotonic() < deadline, f"{len(found)} of {number} spans came: {found}"
            time.sleep(0.02)
        return found

    def below(self, parent: Any) -> list[Any]:
        return [span for span in self.spans() if span.parent_span_id == parent.span_id]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def values(span: Any) -> dict[str, str | int]:
    """A span's attributes, or a resource's."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}
