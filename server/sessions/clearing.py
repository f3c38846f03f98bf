"""Clearing the lake of clients, so that files may go that somebody reads: who wants in waits, who is in may finish, who
does not is ended."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.engine.running import Running
from server.errors import EndedForErasure, Unavailable
from server.sessions.session import Session
from server.sessions.transactions import Transaction

LOOK_S = 0.02
END_S = 30.0  # in which what was ended must be gone: DuckDB looks for an interrupt between chunks of rows
ENDED = "rows are being erased, and this was in the way: run it again"


class Clearing:
    """sessions: those that are open. grace_s: how long a statement or a transaction may go on."""

    def __init__(self, running: Running, sessions: Callable[[], list[Session]], grace_s: float) -> None:
        self._running = running
        self._sessions = sessions
        self._grace_s = grace_s

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """No statement runs, no result streams, and no transaction has read the lake. Raises Unavailable if one can't
        be ended."""
        with self._running.held_up():
            if not self._gone(self._grace_s):
                for statement in self._running.statements():
                    statement.cancel(EndedForErasure(ENDED))
                for transaction in self._transactions():
                    transaction.end(EndedForErasure(ENDED))
                if not self._gone(END_S):
                    raise Unavailable(f"{self._running.running} statements could not be ended")
            yield

    def _gone(self, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while self._running.running or self._transactions():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def _transactions(self) -> list[Transaction]:
        return [found for session in self._sessions() for found in session.transactions.holding_lake()]
