"""A span for every call, where traces are on: below the client's own, if its headers carry a traceparent."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.flight as fl

from flight.counting import METHODS
from server.observability.call import current_call

if TYPE_CHECKING:
    from server.observability.tracing import Tracing

MIDDLEWARE = "tracing"


class CallMiddleware(fl.ServerMiddleware):
    def __init__(self, tracing: "Tracing", span: Any) -> None:
        self._tracing = tracing
        self.span = span

    def call_completed(self, exception: BaseException | None) -> None:
        self._tracing.call_ended(self.span, exception)


class CallTracing(fl.ServerMiddlewareFactory):
    """After authentication: who is not let in leaves no span."""

    def __init__(self, tracing: "Tracing") -> None:
        super().__init__()
        self._tracing = tracing

    def start_call(  # type: ignore[override]
        self, info: Any, headers: Mapping[str, list[str]]
    ) -> CallMiddleware:
        sent = {name.lower(): values[0] for name, values in headers.items() if values and isinstance(values[0], str)}
        return CallMiddleware(self._tracing, self._tracing.call(METHODS[info.method], sent))


def note_call(context: Any) -> None:
    """Let the statements of this call find its span."""
    if (middleware := context.get_middleware(MIDDLEWARE)) is not None:
        current_call.set(middleware.span)
