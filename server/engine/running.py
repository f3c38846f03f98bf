"""How many statements run, how many wait, and how long each may take."""

import heapq
import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from server.engine.cursor import LakeCursor
from server.engine.results import ResultStream
from server.engine.translate import CANCELLED, TOO_LONG
from server.errors import Cancelled, LakehouseError, LimitExceeded, StatementTimeout
from server.logs import logger

_log = logger("engine")

PROBE_S = 0.25
TICK_S = 0.05
LINGER_S = 1.0
GONE = "the client went away"

# Set by the wire for the length of a call: whether its client has gone away.
client_gone: ContextVar[Callable[[], bool] | None] = ContextVar("client_gone", default=None)


class Watchdog:
    """One thread that calls back at deadlines, at most TICK_S late.

    It looks every TICK_S while statements come, rather than be woken by each: a wake-up costs a small query 50 us.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._wake = threading.Condition()
        self._order = itertools.count()
        self._stopped = False
        self._asleep = True
        self._live: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()

    def at(self, deadline: float, action: Callable[[], None]) -> int:
        """Call action once time.monotonic() passes deadline, unless forgotten first."""
        with self._wake:
            number = next(self._order)
            self._live.add(number)
            heapq.heappush(self._heap, (deadline, number, action))
            if self._asleep:
                self._wake.notify()
            return number

    def forget(self, number: int) -> None:
        with self._wake:
            self._live.discard(number)
            while self._heap and self._heap[0][1] not in self._live:
                heapq.heappop(self._heap)

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:  # noqa: BLE001 - without this thread nothing would time out any more
                _log.exception("an alarm failed")

    def _next(self) -> Callable[[], None] | None:
        idle_since = time.monotonic()
        with self._wake:
            while not self._stopped:
                now = time.monotonic()
                if self._heap:
                    idle_since = now
                    if self._heap[0][0] <= now:
                        _, number, action = heapq.heappop(self._heap)
                        if number in self._live:
                            self._live.discard(number)
                            return action
                        continue
                self._asleep = now - idle_since > LINGER_S
                self._wake.wait(None if self._asleep else TICK_S)
                self._asleep = False
            return None


class RunningStatement:
    """A statement that has its place. `finish` gives the place back; calling it again does nothing.

    gone: tells whether the client has gone away; it is not called any more once `finish` has returned.
    """

    def __init__(
        self, running: "Running", cursor: LakeCursor, statement_s: float, gone: Callable[[], bool] | None
    ) -> None:
        self._running = running
        self._cursor = cursor
        self._gone = gone
        self._deadline = time.monotonic() + statement_s
        self._lock = threading.RLock()
        self._finished = False
        self._stream: weakref.ref[ResultStream] | None = None
        self._alarm = self._arm()

    def streaming(self, stream: ResultStream) -> None:
        """From here on the statement ends with its stream, which may stand still in the hands of a slow client."""
        self._stream = weakref.ref(stream)
        self._running.streams()

    def cancel(self, error: LakehouseError | None = None) -> None:
        """End it from another thread, with this error or as cancelled. The watchdog does so again if DuckDB had not
        begun yet."""
        with self._lock:
            if not self._finished:
                self._cursor.context.error = self._cursor.context.error or error
                self._cursor.context.cancelled.set()
                self._stop(error or Cancelled(CANCELLED))

    def finish(self) -> None:
        with self._lock:
            if self._finished:
                return
            self._finished = True
        self._running.leave(self, self._alarm)

    def _arm(self) -> int:
        soon = time.monotonic() + PROBE_S
        due = soon if self._gone is not None else max(soon, self._deadline)
        return self._running.watchdog.at(due, self._check)

    def _check(self) -> None:
        """End a statement that took too long or that nobody waits for; look again later, until it has ended."""
        with self._lock:
            if self._finished:
                return
            if time.monotonic() >= self._deadline:
                self._cursor.context.timed_out = True
                self._stop(StatementTimeout(TOO_LONG))
            elif self._gone is not None and self._gone():
                self._stop(Cancelled(GONE))
            elif self._cursor.context.cancelled.is_set():
                # Again: DuckDB forgets an interrupt that came before it began.
                self._stop(self._cursor.context.error or Cancelled(CANCELLED))
            if not self._finished:
                self._alarm = self._arm()

    def _stop(self, error: LakehouseError) -> None:
        stream = self._stream() if self._stream is not None else None
        if stream is not None:
            stream.stop(error)
        else:
            self._cursor.interrupt()


class Running:
    """Admission: at most running_max statements run, at most queued_max wait, each at most wait_s."""

    def __init__(self, running_max: int, queued_max: int, wait_s: float, statement_s: float) -> None:
        self._running_max, self._queued_max = running_max, queued_max
        self._wait_s, self._statement_s = wait_s, statement_s
        self._lock = threading.Condition()
        self.watchdog = Watchdog()
        self.running = 0
        self.queued = 0
        self._held_up = False
        self._statements: set[RunningStatement] = set()
        self._waited: list[Callable[[float], None]] = []
        self._streaming: list[Callable[[], None]] = []

    def observe(self, waited: Callable[[float], None], streaming: Callable[[], None] | None = None) -> None:
        """waited: called with the seconds that a statement was in the queue. streaming: when one begins to stream.

        Both in the statement's own thread.
        """
        self._waited.append(waited)
        if streaming is not None:
            self._streaming.append(streaming)

    def streams(self) -> None:
        for observer in self._streaming:
            observer()

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Whatever wants to run waits meanwhile, as if all places were taken; what goes before others does not."""
        self._hold_up(True)
        try:
            yield
        finally:
            self._hold_up(False)

    def statements(self) -> list[RunningStatement]:
        """Those that have a place."""
        with self._lock:
            return list(self._statements)

    def admit(
        self, cursor: LakeCursor, statement_s: float | None = None, goes_before: bool = False
    ) -> RunningStatement:
        """Wait for a place. statement_s: a bound below the server's own. goes_before: it belongs to what has begun, and
        is not held up.

        Raises LimitExceeded naming the bound, Cancelled if nobody waits for the statement any more.
        """
        gone = client_gone.get()
        with self._lock:
            if not self._has_place(goes_before):
                self._wait_in_queue(cursor, gone, goes_before)
            self.running += 1
        bound = self._statement_s if statement_s is None else min(statement_s, self._statement_s)
        statement = RunningStatement(self, cursor, bound, gone)
        with self._lock:
            self._statements.add(statement)
        return statement

    def leave(self, statement: RunningStatement, alarm: int) -> None:
        self.watchdog.forget(alarm)
        with self._lock:
            self._statements.discard(statement)
            self.running -= 1
            self._lock.notify()

    def _has_place(self, goes_before: bool) -> bool:
        return self.running < self._running_max and (goes_before or not self._held_up)

    def _hold_up(self, held_up: bool) -> None:
        with self._lock:
            self._held_up = held_up
            self._lock.notify_all()

    def stop(self) -> None:
        self.watchdog.stop()

    def _wait_in_queue(self, cursor: LakeCursor, gone: Callable[[], bool] | None, goes_before: bool) -> None:
        if self.queued >= self._queued_max:
            raise LimitExceeded("statements_queued_max", f"{self.running} statements run and {self.queued} wait")
        began = time.monotonic()
        deadline = began + self._wait_s
        self.queued += 1
        try:
            while not self._has_place(goes_before):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise LimitExceeded("queue_wait_s_max", f"no place to run came free in {self._wait_s:g} s")
                self._lock.wait(min(left, PROBE_S))
                if cursor.context.cancelled.is_set():
                    raise cursor.context.error or Cancelled(CANCELLED)
                if gone is not None and gone():
                    raise Cancelled(GONE)
        except BaseException:
            self._lock.notify()  # the place that this one was woken for is another's
            raise
        finally:
            self.queued -= 1
            for observer in self._waited:
                observer(time.monotonic() - began)
