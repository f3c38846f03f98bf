"""The tour: the statements of tour.sql, each printed with its result and the time it took."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from adbc_driver_manager import dbapi
from rich.console import Console
from rich.syntax import Syntax

from clients.cli.render import render

ROWS_SHOWN = 12


@dataclass(frozen=True)
class Stop:
    """One stop of the tour: what it shows and the statement that shows it."""

    title: str
    statement: str


def stops() -> Iterator[Stop]:
    """The stops in order. In tour.sql each opens with a line `-- title --`."""
    text = resources.files("clients.demo").joinpath("tour.sql").read_text()
    title, lines = "", list[str]()
    for line in text.splitlines():
        if line.startswith("-- ") and line.endswith(" --"):
            if title:
                yield Stop(title, "\n".join(lines).strip())
            title, lines = line[3:-3], []
        else:
            lines.append(line)
    yield Stop(title, "\n".join(lines).strip())


def give_tour(connection: dbapi.Connection, console: Console) -> None:
    """Run every stop and print it. Raises ADBC's error when a statement fails."""
    for number, stop in enumerate(stops(), start=1):
        console.rule(f"{number}. {stop.title}", align="left")
        console.print(Syntax(stop.statement, "sql", background_color="default", word_wrap=True))
        console.print()
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(stop.statement.removesuffix(";"))
            table = cursor.fetch_arrow_table()
        took_ms = (time.perf_counter() - started) * 1_000
        render(table, console, ROWS_SHOWN)
        console.print(f"{took_ms:,.0f} ms", style="dim", highlight=False)
        console.print()
