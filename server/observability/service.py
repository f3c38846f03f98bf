"""Observability as one part: made with the application, told of sessions and of stopping, ended with it."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from server.access.logins import Logins
from server.config import Settings
from server.engine.engine import Engine
from server.errors import StartupError
from server.jobs.service import Jobs
from server.observability.call_metrics import CallMetrics
from server.observability.endpoint import Endpoint, Page
from server.observability.index_metrics import IndexState
from server.observability.kinds import Kinds
from server.observability.lake_probe import LakeProbe
from server.observability.session_metrics import SessionState
from server.observability.state_metrics import EngineState
from server.observability.statement_metrics import StatementMetrics
from server.observability.traced_log import TracedQueryLog
from server.operations.registry import Operations
from server.querylog import QueryLog
from server.sessions.registry import Sessions
from server.vectors.catalog import IndexCatalog

if TYPE_CHECKING:
    from server.observability.tracing import Tracing


class Observability:
    """Without the setting metrics_port nothing is counted, without otel_endpoint nothing is traced.

    calls, tracing: for the wire, which alone sees a call's beginning and end; None where they are off.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        query_log: QueryLog,
        operations: Operations,
        jobs: Jobs,
        indexes: IndexCatalog,
    ) -> None:
        """Raises StartupError if traces are asked for and their packages are not there."""
        self._settings = settings
        self._registry = CollectorRegistry()
        self._lake = LakeProbe(engine)
        self._endpoint: Endpoint | None = None
        self._stopping = False
        self._kinds = Kinds(operations)
        self.tracing = _tracing(settings, self._kinds) if settings.otel_endpoint else None
        if self.tracing is not None and isinstance(query_log, TracedQueryLog):
            query_log.began = self.tracing.began
            query_log.observe(self.tracing.ended)
            engine.running.observe(self.tracing.waited, self.tracing.streaming)
        self.calls = self._count(engine, query_log, jobs, indexes) if settings.metrics_port is not None else None

    def _count(self, engine: Engine, query_log: QueryLog, jobs: Jobs, indexes: IndexCatalog) -> CallMetrics:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, of use to hardly anybody
        ProcessCollector(registry=self._registry)
        self._registry.register(EngineState(engine, jobs, self._lake))
        self._registry.register(IndexState(indexes))
        query_log.observe(StatementMetrics(self._registry, self._kinds).ended)
        calls = CallMetrics(self._registry)
        engine.running.observe(calls.waited)
        return calls

    def listen(self, sessions: Sessions, logins: Logins) -> str | None:
        """Open the port, now that the server is ready; the address of its metrics. Raises StartupError."""
        if self._settings.metrics_port is None:
            return None
        self._registry.register(SessionState(sessions, logins))
        pages = {"/metrics": self._metrics, "/healthz": _alive, "/readyz": self._ready}
        self._endpoint = Endpoint(self._settings.metrics_host, self._settings.metrics_port, pages)
        return f"{self._endpoint.address}/metrics"

    def stopping(self) -> None:
        """From here on the server is alive but not ready: balancers send no new clients."""
        self._stopping = True

    def stop(self) -> None:
        """Before the engine is closed: scrapes read it. Traces that wait are sent."""
        if self._endpoint is not None:
            self._endpoint.stop()
        self._lake.stop()
        if self.tracing is not None:
            self.tracing.stop()

    def _metrics(self, accept: str) -> Page:
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # of a version whose parts are not numbers, or have too many digits
            encode, content_type = choose_encoder("")
        return Page(HTTPStatus.OK, encode(self._registry), content_type)

    def _ready(self, _: str) -> Page:
        if self._stopping:
            return Page(HTTPStatus.SERVICE_UNAVAILABLE, b"stopping\n")
        if not self._lake.ask().up:
            return Page(HTTPStatus.SERVICE_UNAVAILABLE, b"the lake does not answer\n")
        return Page(HTTPStatus.OK, b"ready\n")


def _alive(_: str) -> Page:
    return Page(HTTPStatus.OK, b"alive\n")


def _tracing(settings: Settings, kinds: Kinds) -> "Tracing":
    """Its packages are an extra: asked for only here."""
    try:
        from server.observability.tracing import Tracing
    except ModuleNotFoundError as error:
        raise StartupError(
            f"setting otel_endpoint: traces need packages that are not installed ({error.name}): run make setup-otel"
        ) from None
    return Tracing(settings.otel_endpoint, kinds)
