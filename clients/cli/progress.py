"""A job's progress: a bar with rate and time left on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from clients.cli.values import printable
from clients.python import JobProgress


@dataclass
class Pace:
    """How fast a job goes, from the readings since the watch began."""

    clock: Callable[[], float] = time.monotonic
    first: tuple[float, int] | None = field(default=None, init=False)

    def describe(self, reading: JobProgress) -> str:
        """Such as '1,250/s, 0:01:20 left'; empty until two readings differ."""
        if reading.done is None:
            return ""
        now = self.clock()
        if self.first is None:
            self.first = (now, reading.done)
        began, done_then = self.first
        if reading.done <= done_then or now <= began:
            return ""
        rate = (reading.done - done_then) / (now - began)
        text = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        if reading.total is None or reading.ended:
            return text
        left_s = max(reading.total - reading.done, 0) / rate
        return f"{text}, {timedelta(seconds=round(left_s))} left"


def follow(readings: Iterable[JobProgress], console: Console, title: str | None = None) -> JobProgress:
    """Show each reading as it comes and return the last one. Raises ValueError when there is none."""
    show = _follow_on_terminal if console.is_terminal else _follow_in_lines
    last = show(readings, console, title)
    if last is None:
        raise ValueError("a job was watched and gave no reading")
    return last


def _follow_on_terminal(readings: Iterable[JobProgress], console: Console, title: str | None) -> JobProgress | None:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pace]}", style="dim"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    pace, last = Pace(), None
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task(title or "job", total=None, pace="", note="")
        for last in readings:
            bar.update(
                task,
                description=title or last.kind,
                completed=last.done or 0,
                total=last.total,
                pace=pace.describe(last),
                note="  ".join(part for part in (last.status, _message(last)) if part),
            )
    return last


def _follow_in_lines(readings: Iterable[JobProgress], console: Console, title: str | None) -> JobProgress | None:
    pace, last, shown = Pace(), None, None
    for last in readings:
        pace_text = pace.describe(last)
        if (last.status, last.done, last.message) == shown:
            continue
        shown = (last.status, last.done, last.message)
        parts = (title or last.kind, last.status, _count(last), pace_text, _message(last))
        console.print("  ".join(part for part in parts if part), highlight=False, soft_wrap=True)
    return last


def _message(reading: JobProgress) -> str:
    return printable(reading.message or "")


def _count(reading: JobProgress) -> str:
    if reading.done is None:
        return ""
    if not reading.total:
        return f"{reading.done:,}"
    return f"{reading.done:,}/{reading.total:,} ({reading.done / reading.total:.0%})"
