"""The Flight call that is being answered, for those who trace what it does."""

from contextvars import ContextVar
from typing import Any

# The span of the call. Set by the wire when traces are on; a handler has its thread for itself, so what is set there
# is seen by this call alone.
current_call: ContextVar[Any] = ContextVar("current_call", default=None)
