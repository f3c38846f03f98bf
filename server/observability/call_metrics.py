"""Counters of Flight calls, and of what happens to a statement before it runs."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from server.errors import Status

OK = "OK"
METHODS = "Handshake GetFlightInfo GetSchema DoGet DoPut DoAction ListActions ListFlights DoExchange".split()
STATUSES = (OK, *(status.value for status in Status))
WAIT_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0)


class CallMetrics:
    """Every series exists from the start with 0."""

    def __init__(self, registry: CollectorRegistry) -> None:
        calls = Counter(
            "lakehouse_calls", "Flight calls of authenticated callers.", ["method", "status"], registry=registry
        )
        self._calls = {(m, s): calls.labels(m, s) for m in METHODS for s in STATUSES}
        self._ingested = Counter("lakehouse_ingested_rows", "Rows loaded from Arrow streams.", registry=registry)
        self._waits = Histogram(
            "lakehouse_queue_wait_seconds",
            "Time that a statement waited for a place to run. One that found a place at once is not counted.",
            buckets=WAIT_S,
            registry=registry,
        )

    def ended(self, method: str, status: str) -> None:
        """method: one of METHODS. status: one of STATUSES."""
        self._calls[method, status].inc()

    def ingested(self, rows: int) -> None:
        self._ingested.inc(rows)

    def waited(self, wait_s: float) -> None:
        """Seconds in the queue, whether a place came free or not."""
        self._waits.observe(wait_s)
