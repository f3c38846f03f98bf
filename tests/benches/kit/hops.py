"""Where a server's time goes: functions on the way of a statement, timed in the threads that run them."""

import contextlib
import functools
import importlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# In the order in which a query of two calls passes them. A hop's own time leaves out the hops inside it.
HOPS: Mapping[str, tuple[str, ...]] = {
    "authentication": ("flight.authentication:Authentication.start_call",),
    "handlers of the two calls": (
        "flight.service:FlightService.get_flight_info",
        "flight.service:FlightService.do_get",
    ),
    "messages and tickets": ("flight.service:decode", "flight.tickets:encode", "flight.tickets:decode"),
    "FlightInfo": ("flight.responses:info",),
    "gate": ("server.gate.gate:Gate.admit",),
    "result schema": ("server.sessions.execution:Execution.describe",),
    "session": ("server.sessions.session:Session.query", "server.sessions.execution:Execution.stream"),
    "lease": ("server.sessions.leases:Lease.__init__", "server.sessions.leases:Lease.free"),
    "cursor of the session": (
        "server.sessions.cursors:SessionCursors.take",
        "server.sessions.cursors:SessionCursors.release",
    ),
    "place among the running": ("server.engine.running:Running.admit", "server.engine.running:Running.leave"),
    "query log": ("server.querylog.log:QueryLog.start", "server.querylog.log:Record.end"),
    "append log": ("server.appendlog.log:AppendLog.append",),
    "log line": ("server.querylog.lines:StatementLines.add",),
    "DuckDB: execute": ("server.engine.cursor:LakeCursor.execute",),
    "DuckDB: open the reader": ("server.engine.cursor:LakeCursor.reader",),
    "batches: read and hand over": ("server.engine.results:ResultStream.__next__",),
}


@dataclass
class Spent:
    """In a hop itself. wall_s and cpu_s: seconds, of the clock and of the thread."""

    calls: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.calls - before.calls, self.wall_s - before.wall_s, self.cpu_s - before.cpu_s)


def of_background_threads() -> dict[str, Spent]:
    """CPU of the server's own threads by name; gRPC's have none, and are found in the hops. Linux only."""
    found: dict[str, Spent] = {}
    for thread in threading.enumerate():
        if not isinstance(thread, threading._DummyThread):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                text = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text()
                found[f"thread {thread.name}"] = Spent(cpu_s=int(text.split()[0]) / 1e9)
    return found


class Hops:
    """Wraps the functions of HOPS; `spent` grows by hop, with what calls of clients spend there."""

    def __init__(self) -> None:
        self.spent = {hop: Spent() for hop in HOPS}
        self._inside = threading.local()
        for hop, functions in HOPS.items():
            for name in functions:
                self._wrap(hop, name)

    def _wrap(self, hop: str, name: str) -> None:
        """name: module:attribute or module:Class.attribute. Raises AttributeError if there is none such."""
        module, _, path = name.partition(":")
        owner: Any = importlib.import_module(module)
        *parents, attribute = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        setattr(owner, attribute, self._timed(getattr(owner, attribute), self.spent[hop]))

    def _timed(self, function: Callable[..., Any], spent: Spent) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if not self._on_the_wire():
                return function(*args, **kwargs)
            outer, inner = getattr(self._inside, "hop", None), Spent()
            self._inside.hop = inner
            wall_s, cpu_s = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                wall_s, cpu_s = time.perf_counter() - wall_s, time.thread_time() - cpu_s
                self._inside.hop = outer
                if outer is not None:
                    outer.wall_s += wall_s
                    outer.cpu_s += cpu_s
                spent.calls += 1
                spent.wall_s += wall_s - inner.wall_s
                spent.cpu_s += cpu_s - inner.cpu_s

        return timed

    def _on_the_wire(self) -> bool:
        """Whether this is a thread of gRPC's: what the server's own threads do is counted by thread."""
        known: bool | None = getattr(self._inside, "wire", None)
        if known is None:
            known = self._inside.wire = isinstance(threading.current_thread(), threading._DummyThread)
        return known
