"""What watches calls: nothing unless metrics or traces are on."""

import pyarrow.flight as fl

from flight import counting, tracing
from server.observability.service import Observability


def observers(observability: Observability) -> dict[str, fl.ServerMiddlewareFactory]:
    """The middleware to come after authentication, by name."""
    found: dict[str, fl.ServerMiddlewareFactory] = {}
    if observability.calls is not None:
        found[counting.MIDDLEWARE] = counting.CallCounting(observability.calls)
    if observability.tracing is not None:
        found[tracing.MIDDLEWARE] = tracing.CallTracing(observability.tracing)
    return found
