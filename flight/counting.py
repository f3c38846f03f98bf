"""Every call counted by method and status, where metrics are on."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl

from flight import errors
from server.errors import Status
from server.observability.call_metrics import OK, CallMetrics

MIDDLEWARE = "counting"
METHODS = {method: method.name.title().replace("_", "") for method in fl.FlightMethod}
# As an exception comes back from pyarrow: those of `flight.errors` as they were raised, Flight's own made anew.
STATUSES: Mapping[type[BaseException], Status] = {
    errors.InvalidArgument: Status.INVALID_ARGUMENT,
    errors.NotFound: Status.NOT_FOUND,
    errors.Unimplemented: Status.UNIMPLEMENTED,
    fl.FlightTimedOutError: Status.DEADLINE_EXCEEDED,
    fl.FlightUnavailableError: Status.UNAVAILABLE,
    fl.FlightCancelledError: Status.CANCELLED,
    fl.FlightUnauthorizedError: Status.PERMISSION_DENIED,
    fl.FlightUnauthenticatedError: Status.UNAUTHENTICATED,
    pa.ArrowCancelled: Status.CANCELLED,
}


class CallMiddleware(fl.ServerMiddleware):
    def __init__(self, metrics: CallMetrics, method: str) -> None:
        self._metrics = metrics
        self._method = method

    def call_completed(self, exception: BaseException | None) -> None:
        self._metrics.ended(self._method, OK if exception is None else status_of(exception).value)

    def ingested(self, rows: int) -> None:
        self._metrics.ingested(rows)


class CallCounting(fl.ServerMiddlewareFactory):
    """After authentication: pyarrow tells a middleware nothing of a call that another one refused."""

    def __init__(self, metrics: CallMetrics) -> None:
        super().__init__()
        self._metrics = metrics

    def start_call(self, info: Any, headers: Mapping[str, list[str]]) -> CallMiddleware:  # type: ignore[override]
        return CallMiddleware(self._metrics, METHODS[info.method])


def status_of(exception: BaseException) -> Status:
    return next((status for kind, status in STATUSES.items() if isinstance(exception, kind)), Status.INTERNAL)


def note_ingested(context: Any, rows: int) -> None:
    """Count rows that a call has loaded."""
    if (middleware := context.get_middleware(MIDDLEWARE)) is not None:
        middleware.ingested(rows)
