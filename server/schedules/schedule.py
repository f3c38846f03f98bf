"""A schedule, and what the lake keeps of schedules and their runs: rows that are only ever added."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine

SQL = named_queries("queries/schedules.sql")
INTERRUPTED = "interrupted"


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
    """A schedule as the lake has it. since: when its latest run began, or when it was made if none did.

    was_interrupted: that run did not come to its end.
    """

    schedule: Schedule
    since: datetime
    was_interrupted: bool


class ScheduleRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> list[Kept]:
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["live"]))
        return [
            Kept(Schedule(*schedule), datetime.fromtimestamp(ran or made, UTC), status == INTERRUPTED)
            for *schedule, made, ran, status in rows
        ]

    def end_interrupted(self) -> None:
        """For start-up only: runs that seem to go on ended with an earlier process."""
        if self._engine.read(lambda cursor: cursor.rows(SQL["running"]))[0][0]:
            self._engine.commit(SERVER, "interrupted runs", lambda cursor: cursor.execute(SQL["interrupt"]))

    def record(self, schedule: Schedule, dropped: bool, actor: str) -> None:
        values = [*schedule.values(), dropped, actor]
        message = f"{'drop ' if dropped else ''}schedule {schedule.name}"
        self._engine.commit(actor, message, lambda cursor: cursor.execute(SQL["record"], values))

    def began(self, schedule: Schedule) -> str:
        """Record the start of a run; its identifier."""
        run_id = secrets.token_hex(8)
        self._run(schedule, [run_id, schedule.name, schedule.operation, "running", None, None])
        return run_id

    def ended(self, schedule: Schedule, run_id: str, status: str, code: str | None, message: str) -> None:
        self._run(schedule, [run_id, schedule.name, schedule.operation, status, code, message])

    def _run(self, schedule: Schedule, values: list[str | None]) -> None:
        def insert(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record_run"], values)

        self._engine.commit(SERVER, f"run of schedule {schedule.name}", insert)
