"""What an SQL function may know about the statement that calls it: found by an unguessable token, never by an argument.

A cursor carries its token in the connection variable `lakehouse_context`; our macros pass it to our functions, which
look the context up here. The token is not the bearer token and is worth nothing outside this process.
"""

import secrets
import threading
from dataclasses import dataclass, field

from server.errors import LakehouseError, PermissionDenied

VARIABLE = "lakehouse_context"


@dataclass
class Context:
    """One cursor's statement in progress. `error` is what a function raised: DuckDB would keep only its text."""

    principal: str
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    cancelled: threading.Event = field(default_factory=threading.Event)
    timed_out: bool = False
    error: LakehouseError | None = None

    def start(self) -> None:
        """Forget the last statement's end."""
        self.cancelled.clear()
        self.timed_out = False
        self.error = None


class Contexts:
    """Token → context, for as long as the cursor is open."""

    def __init__(self) -> None:
        self._by_token: dict[str, Context] = {}

    def add(self, context: Context) -> None:
        self._by_token[context.token] = context

    def remove(self, context: Context) -> None:
        self._by_token.pop(context.token, None)

    def find(self, token: str | None) -> Context:
        context = self._by_token.get(token or "")
        if context is None:
            raise PermissionDenied("this function is called through its macro, by a statement of a session")
        return context
