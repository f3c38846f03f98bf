"""The server's CPU time for one small query of two calls, beside a Flight server that does nothing."""

import sys
from collections.abc import Callable

from tests.benches.kit.context import Context
from tests.benches.kit.flight_sql import FlightSql
from tests.benches.kit.processes import Process, cpu_s
from tests.benches.kit.rows import NotRun, Row, at_most
from tests.benches.kit.timing import Measured

WHAT = "server CPU per small query, beside a bare Flight server"
BLOCKS = 5


def run(context: Context) -> list[Row]:
    """Raises NotRun where a process's CPU time can't be read."""
    if sys.platform != "linux":
        raise NotRun("only Linux tells the CPU time of another process")
    echo = Process("tests.benches.kit.echo_server")
    try:
        client = FlightSql(echo.ready)
        ours, bare = _in_blocks(
            context.sizes.calls,
            (context.server.pid, lambda: context.flight.query("SELECT 1")),
            (echo.pid, lambda: client.query("SELECT 1")),
        )
        client.close()
    finally:
        echo.stop()
    return [at_most("server CPU per select 1, two calls: bare pyarrow.flight server", ours, bare, "ms", 2.0)]


def _in_blocks(calls: int, *servers: tuple[int, Callable[[], object]]) -> list[Measured]:
    """Milliseconds of CPU per query of each server, given as (pid, query); servers take turns."""
    spent: list[list[float]] = [[] for _ in servers]
    for block in range(-1, BLOCKS):
        for values, (pid, ask) in zip(spent, servers, strict=True):
            before = cpu_s(pid)
            for _ in range(calls):
                ask()
            if block >= 0:
                values.append((cpu_s(pid) - before) * 1e3 / calls)
    return [Measured.of(values) for values in spent]
