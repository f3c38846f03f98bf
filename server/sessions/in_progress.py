"""The statements of one session that run or wait: bounded in number, cancelled by the name of their query."""

import threading
from collections import OrderedDict
from typing import Protocol

from server.errors import Cancelled, LimitExceeded

REMEMBERED_MAX = 1000
SETTLE_S = 1.0


class Cancellable(Protocol):
    def cancel(self) -> None:
        """End it from another thread, wherever it stands; waits for nobody."""


class InProgress:
    """`name` is that of a query which a client may cancel; '' for what has none. Two runs may share a name."""

    def __init__(self, statements_max: int) -> None:
        self._statements_max = statements_max
        self._names: dict[Cancellable, str] = {}
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition(threading.RLock())

    def __len__(self) -> int:
        return len(self._names)

    def add(self, statement: Cancellable, name: str) -> None:
        """Raises LimitExceeded, and Cancelled for a query that was cancelled before it began."""
        with self._changed:
            if name in self._cancelled:
                raise Cancelled("the query was cancelled before it was fetched")
            if len(self._names) >= self._statements_max:
                raise LimitExceeded(
                    "statements_per_session_max", f"{len(self._names)} statements of this session are in progress"
                )
            self._names[statement] = name
            if name:
                _remember(self._begun, name)

    def remove(self, statement: Cancellable) -> None:
        with self._changed:
            self._names.pop(statement, None)
            self._changed.notify_all()

    def cancel(self, name: str, once: bool) -> bool | None:
        """True if the query ended or will never begin, False if it is still ending, None if it had ended by itself.

        once: the name is of a query that runs once, so it is remembered as cancelled if it has not begun.
        """
        with self._changed:
            found = [statement for statement, known in self._names.items() if known == name]
            if not found and (name in self._begun or not once):
                return None
            if once:
                _remember(self._cancelled, name)
        for statement in found:
            statement.cancel()
        with self._changed:
            return self._changed.wait_for(lambda: not any(s in self._names for s in found), SETTLE_S)


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    while len(names) > REMEMBERED_MAX:
        names.popitem(last=False)
