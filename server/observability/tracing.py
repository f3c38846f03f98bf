"""Traces over OTLP/HTTP: a span per Flight call, below it one per statement or operation. No text is ever in them.

Imported only if the setting otel_endpoint asks for it, since its packages are an extra. What else OpenTelemetry lets
one set (sampling, headers, batches, the service's name) comes from its own environment variables.
"""

import logging
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from server.engine.location import LAKE
from server.logs import logger
from server.observability.call import current_call
from server.observability.kinds import GIVE_ROWS, Kinds
from server.version import VERSION

FLUSH_S_MAX = 3.0  # a receiver that does not answer must not keep the server from stopping
SERVICE = "arrow.flight.protocol.FlightService"
_propagator = TraceContextTextMapPropagator()


@dataclass(eq=False)
class _Statement:
    """A statement in progress. times: nanoseconds since 1970, as OpenTelemetry has them."""

    span: Span
    runs_since: int
    streams_since: int | None = None


_current: ContextVar[_Statement | None] = ContextVar("current_statement", default=None)


class Tracing:
    def __init__(self, endpoint: str, kinds: Kinds) -> None:
        """endpoint: the receiver's base address, to which /v1/traces is appended."""
        _log_as_ours()
        resource = Resource({"service.name": "lakehouse", "service.version": VERSION})
        self._provider = TracerProvider(
            resource=resource.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("lakehouse", VERSION)
        self._kinds = kinds
        self._open: dict[str, _Statement] = {}

    # Calls

    def call(self, method: str, headers: Mapping[str, str]) -> Span:
        """The span of a Flight call. headers: lower-case name → value; a valid traceparent makes it a child."""
        return self._tracer.start_span(
            f"{SERVICE}/{method}",
            context=_propagator.extract(headers, Context()),
            kind=SpanKind.SERVER,
            attributes={"rpc.system.name": "grpc", "rpc.method": f"{SERVICE}/{method}"},
        )

    def call_ended(self, span: Span, error: BaseException | None) -> None:
        if error is not None:
            _failed(span, type(error).__name__)
        span.end()

    # Statements: `began` and what follows are called in the thread of the call, `ended` may be in any.

    def began(self, record: Mapping[str, Any]) -> None:
        """record: the columns of the query log that are known at the start."""
        kind, operation = self._kinds.of(record["kind"])
        name = operation or kind
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=_below(current_call.get()),
            start_time=now,
            attributes={
                "db.system.name": "duckdb",
                "db.namespace": LAKE,
                "db.operation.name": name,
                "lakehouse.statement_id": record["statement_id"],
                "lakehouse.statement_hmac": record["statement_hmac"],
                "lakehouse.session_id": record["session_id"],
            },
        )
        if span.is_recording():
            statement = self._open[record["statement_id"]] = _Statement(span, now)
            _current.set(statement)

    def waited(self, wait_s: float) -> None:
        """The statement, or the planning of one, has waited for a place to run."""
        statement, now = _current.get(), time.time_ns()
        parent = current_call.get() if statement is None else statement.span
        self._part("queue", parent, now - int(wait_s * 1e9), now)
        if statement is not None:
            statement.runs_since = now

    def streaming(self) -> None:
        """The statement runs far enough to give its first rows; the rest is done as its client reads."""
        if (statement := _current.get()) is not None:
            statement.streams_since = time.time_ns()
            self._part("execute", statement.span, statement.runs_since, statement.streams_since)

    def ended(self, record: Mapping[str, Any]) -> None:
        """record: all columns of the query log."""
        statement = self._open.pop(record["statement_id"], None)
        if statement is None:  # not sampled
            return
        if _current.get() is statement:
            _current.set(None)
        span, now = statement.span, time.time_ns()
        if statement.streams_since is not None:
            self._part("stream", span, statement.streams_since, now)
        if record["error_code"] is not None:
            span.set_attribute("db.response.status_code", record["error_code"])
            _failed(span, record["error_code"])
        elif self._kinds.of(record["kind"])[0] in GIVE_ROWS:
            span.set_attribute("db.response.returned_rows", record["row_count"])
        span.end(now)

    def stop(self) -> None:
        """Send what waits, for FLUSH_S_MAX seconds at most."""
        flushing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        flushing.start()
        flushing.join(FLUSH_S_MAX)
        if flushing.is_alive():
            logger("traces").warning("the last spans were not sent", after_s=FLUSH_S_MAX)

    def _part(self, name: str, parent: Span | None, began: int, ended: int) -> None:
        self._tracer.start_span(name, context=_below(parent), start_time=began).end(ended)


def _below(parent: Span | None) -> Context:
    """Never OpenTelemetry's own current context: threads of gRPC have none."""
    return Context() if parent is None else set_span_in_context(parent, Context())


def _failed(span: Span, error_type: str) -> None:
    """Without the message, which may hold values."""
    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR))


class _ToOurLog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log = logger("traces")
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell("OpenTelemetry", text=record.getMessage())


def _log_as_ours() -> None:
    """What OpenTelemetry logs, a receiver that is not there for one, as lines of our own form."""
    theirs = logging.getLogger("opentelemetry")
    theirs.propagate = False
    theirs.setLevel(logging.WARNING)
    theirs.handlers = [_ToOurLog()]
