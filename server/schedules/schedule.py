"""A schedule, and what the lake keeps of schedules and their runs: rows that are only ever added."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.schedules.cron import next_after, trigger

SQL = named_queries("queries/schedules.sql")
RUNNING = "running"
INTERRUPTED = "interrupted"
AHEAD_MAX = timedelta(hours=1)


@dataclass(frozen=True)
class Schedule:
    """arguments: a JSON object, as text."""

    name: str
    cron: str
    operation: str
    arguments: str
    principal: str

    def values(self) -> list[str]:
        return [self.name, self.cron, self.operation, self.arguments, self.principal]

    def arguments_read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.arguments)
        return read


@dataclass(frozen=True)
class Kept:
    """A schedule as the lake has it. since: when its latest run began, or when it was made if none did. statuses: of
    its latest two runs, the last one first."""

    schedule: Schedule
    since: datetime
    statuses: tuple[str, ...]

    @property
    def goes_on(self) -> bool:
        """Whether the last run has no end on record."""
        return self.statuses[:1] == (RUNNING,)

    def is_due(self, now: datetime) -> bool:
        """Whether a time of it has come since its last run began, or that run was broken off: but not twice in a row,
        for it may be what ends the server. Raises InvalidArgument for what is no cron expression any more.

        A clock that is set back makes no run come twice, unless by so much that it must have been wrong before.
        """
        broken_off = self.statuses[:1] == (INTERRUPTED,) and self.statuses != (INTERRUPTED, INTERRUPTED)
        following = next_after(trigger(self.schedule.cron), self.since)
        has_come = following is not None and following <= now
        return broken_off or has_come or self.since > now + AHEAD_MAX


class ScheduleRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> list[Kept]:
        """Every schedule that is not dropped."""
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["live"]))
        return [
            Kept(Schedule(*schedule), datetime.fromtimestamp(ran or made, UTC), tuple(statuses or ()))
            for *schedule, made, ran, statuses in rows
        ]

    def find(self, name: str) -> Kept | None:
        """In any letter case."""
        return next((kept for kept in self.load() if kept.schedule.name.lower() == name.lower()), None)

    def going_on(self) -> list[str]:
        """The schedules, dropped ones included, with runs that have no end on record."""
        return [str(row[0]) for row in self._engine.read(lambda cursor: cursor.rows(SQL["running"]))]

    def end_interrupted(self, name: str) -> None:
        """For a schedule that no server runs: what seems to go on ended with its server."""
        message = f"interrupted runs of {name}"
        self._engine.commit(SERVER, message, lambda cursor: cursor.execute(SQL["interrupt"], [name]))

    def record(self, schedule: Schedule, dropped: bool, actor: str) -> None:
        values = [*schedule.values(), dropped, actor]
        message = f"{'drop ' if dropped else ''}schedule {schedule.name}"
        self._engine.commit(actor, message, lambda cursor: cursor.execute(SQL["record"], values))

    def began(self, schedule: Schedule) -> str:
        """Record the start of a run; its identifier."""
        run_id = secrets.token_hex(8)
        self._run(schedule, [run_id, schedule.name, schedule.operation, RUNNING, None, None])
        return run_id

    def ended(self, schedule: Schedule, run_id: str, status: str, code: str | None, message: str) -> None:
        self._run(schedule, [run_id, schedule.name, schedule.operation, status, code, message])

    def _run(self, schedule: Schedule, values: list[str | None]) -> None:
        def insert(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record_run"], values)

        self._engine.commit(SERVER, f"run of schedule {schedule.name}", insert)
