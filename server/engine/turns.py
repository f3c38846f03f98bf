"""A lock that is had in the order in which it was asked for: who works in rounds lets in whoever waits between them."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Used with `with`. The thread that has it may take it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._owner: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._owner == me:
            self._depth += 1
            return
        with self._lock:
            free = not self._depth
            if free:
                self._depth = 1
            else:
                turn = threading.Event()
                self._waiting.append(turn)
        if not free:
            turn.wait()  # whoever had it hands it over, with its depth of 1
        self._owner = me

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._depth > 1:
            self._depth -= 1
            return
        self._owner = None
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._depth = 0
