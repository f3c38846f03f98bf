"""`python -m tests.benches.profile_server`: where the server's time for a small query of two calls goes.

Three servers answer the same client in turns: the server as it is, the server with its hops timed, and a Flight server
with nothing behind it.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.hops import HOPS, Spent
from tests.benches.kit.processes import Process, cpu_s
from tests.harness import PASSWORD, Server

BLOCKS = 5
SHOWN_S = 1e-6  # a statement's share of a background thread
COLUMNS = ("hop, without the hops inside it", "calls", "µs", "µs of CPU", "share of the CPU")


@click.command()
@click.option("--statements", default=2000, help="How many to run.", show_default=True, type=click.IntRange(min=BLOCKS))
@click.option("--text", default="SELECT 1", help="A query.", show_default=True)
def main(statements: int, text: str) -> None:
    """Print what a statement costs the server, hop by hop: Linux only."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lakehouse-profile-") as folder, _servers(Path(folder)) as servers:
        plain, profiled, bare, hops = servers
        for asked in (plain, profiled, bare):
            asked.ask(text, statements // BLOCKS)  # warms up
            asked.spent_s = 0.0
        before = _spent(hops)
        for _ in range(BLOCKS):
            for asked in (plain, profiled, bare):
                asked.ask(text, statements // BLOCKS)
        after = _spent(hops)
    count = statements // BLOCKS * BLOCKS
    console.print(_table(before, after, profiled.spent_s, count))
    cpu = [f"{asked.spent_s / count * 1e6:,.0f} µs" for asked in (plain, profiled, bare)]
    console.print("CPU per statement: {}, with the timers {}; a bare Flight server {}".format(*cpu))


class Asked:
    """A server and a client of it. spent_s: CPU of the server while it was asked."""

    def __init__(self, pid: int, client: FlightSql) -> None:
        self.pid, self.client, self.spent_s = pid, client, 0.0

    def ask(self, text: str, times: int) -> None:
        before = cpu_s(self.pid)
        for _ in range(times):
            self.client.query(text)
        self.spent_s += cpu_s(self.pid) - before


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[Asked, Asked, Asked, Process]]:
    """The plain server, the profiled one, the bare one; and the profiled one's process, to ask what its hops spent."""
    flags = ("serve", "--data", str(folder / "profiled"), "--port", "0")
    hops = Process("tests.benches.kit.profiled_server", *flags, environment={"LAKEHOUSE_ADMIN_PASSWORD": PASSWORD})
    bare = Process("tests.benches.kit.echo_server")
    admin = Credentials("admin", PASSWORD)
    try:
        with Server(folder / "plain") as plain:
            clients = (
                FlightSql(plain.uri, admin),
                FlightSql(hops.ready.removeprefix("ready "), admin),
                FlightSql(bare.ready),
            )
            pids = (plain.pid, hops.pid, bare.pid)
            one, two, three = (Asked(pid, client) for pid, client in zip(pids, clients, strict=True))
            yield one, two, three, hops
            for client in clients:
                client.close()
    finally:
        hops.stop()
        bare.stop()


def _spent(process: Process) -> dict[str, Spent]:
    process.write("")
    return {hop: Spent(**fields) for hop, fields in json.loads(process.read()).items()}


def _table(before: dict[str, Spent], after: dict[str, Spent], cpu: float, count: int) -> Table:
    """A row per hop and per busy thread, then what is left. cpu: seconds of the process. count: of statements."""
    table = Table(*COLUMNS)
    rest = cpu
    for name, until in after.items():
        spent = until.since(before.get(name, Spent()))
        if name in HOPS or spent.cpu_s / count >= SHOWN_S:
            rest -= spent.cpu_s
            clock = (f"{spent.calls / count:.1f}", f"{spent.wall_s / count * 1e6:,.0f}") if name in HOPS else ("", "")
            table.add_row(name, *clock, *_cells(spent.cpu_s, cpu, count))
    table.add_row("gRPC, pyarrow, DuckDB's threads", "", "", *_cells(rest, cpu, count))
    return table


def _cells(spent: float, cpu: float, count: int) -> tuple[str, str]:
    """Seconds of CPU as microseconds of a statement, and as a share of all."""
    return f"{spent / count * 1e6:,.0f}", f"{spent / cpu:.0%}"


if __name__ == "__main__":
    main()
