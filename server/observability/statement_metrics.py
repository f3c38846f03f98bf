"""Counters and histograms of statements and operations, fed with each record of the query log as it ends."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from server.errors import LakehouseError
from server.observability.kinds import GIVE_ROWS, KINDS, UNKNOWN, Kinds

STATUSES = ("ok", "failed", "cancelled")
# From a lookup by key to the longest statement that the default bound lets run.
DURATION_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class StatementMetrics:
    """Every series exists from the start with 0, so that a first failure is seen as a rise."""

    def __init__(self, registry: CollectorRegistry, kinds: Kinds) -> None:
        self._kinds = kinds
        statements = Counter(
            "lakehouse_statements", "Statements and operations that ended.", ["kind", "status"], registry=registry
        )
        self._operations = Counter(
            "lakehouse_operations", "Operations that ended.", ["operation", "status"], registry=registry
        )
        errors = Counter(
            "lakehouse_statement_errors",
            "Statements and operations that did not end well.",
            ["code"],
            registry=registry,
        )
        durations = Histogram(
            "lakehouse_statement_duration_seconds",
            "Time from the start of a statement to its end, its stream included.",
            ["kind"],
            buckets=DURATION_S,
            registry=registry,
        )
        # Children are looked up once: finding one by its labels costs more than counting.
        self._statements = {(k, s): statements.labels(k, s) for k in KINDS for s in STATUSES}
        for operation in (*kinds.operations, UNKNOWN):
            for status in STATUSES:
                self._operations.labels(operation, status)
        self._errors = {code: errors.labels(code) for code in _codes(LakehouseError)}
        self._durations = {kind: durations.labels(kind) for kind in KINDS}
        self._rows = Counter("lakehouse_result_rows", "Rows given to callers.", registry=registry)
        self._bytes = Counter("lakehouse_result_bytes", "Bytes of the rows given, in Arrow.", registry=registry)

    def ended(self, record: Mapping[str, Any]) -> None:
        """Count a record: the columns of the query log and result_bytes."""
        kind, operation = self._kinds.of(record["kind"])
        status, code = record["status"], record["error_code"]
        self._statements[kind, status].inc()
        self._durations[kind].observe(record["duration_ms"] / 1000)
        if operation is not None:
            self._operations.labels(operation, status).inc()
        if code is not None:
            self._errors.get(code, self._errors[LakehouseError.code]).inc()
        if kind in GIVE_ROWS:
            self._rows.inc(record["row_count"] or 0)
            self._bytes.inc(record["result_bytes"])


def _codes(error: type[LakehouseError]) -> set[str]:
    return {error.code}.union(*(_codes(child) for child in error.__subclasses__()))
