"""The scheduler: APScheduler tells when, a thread for each run does it, the lake keeps what came of it and, with that,
whether a run is due: so of several servers one does it."""

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from server.access.principals import Principals
from server.engine.engine import Engine
from server.errors import InvalidArgument, LakehouseError
from server.logs import logger
from server.operations.registry import Caller, Operations
from server.schedules.cron import trigger
from server.schedules.schedule import INTERRUPTED, Schedule, ScheduleRecords
from server.schedules.turns import Turns

RUNNING_MAX = 4  # runs at once; more wait
STOP_S_MAX = 5.0
MESSAGE_CHARS_MAX = 1000
FOLLOW_S = 10  # how often other servers' schedules are looked for
FOLLOWING = "-follow"  # no schedule has this name


def turn_of(name: str) -> str:
    """The turn of running a schedule."""
    return f"schedule {name.lower()}"


class Schedules:
    """The lock guards which schedules there are and which of them run: none does twice at once."""

    def __init__(self, engine: Engine, operations: Operations, principals: Principals) -> None:
        self._operations = operations
        self._principals = principals
        self.records = ScheduleRecords(engine)
        self.turns = Turns(engine.location)
        self._schedules: dict[str, Schedule] = {}
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._places = threading.Semaphore(RUNNING_MAX)
        self._stopping = threading.Event()
        # It only starts threads, so it needs none of its own; runs that came late or together are one.
        self._clock = BackgroundScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            daemon=True,
        )
        self._log = logger("schedules")

    def start(self) -> None:
        """Take up the schedules of the lake. What was missed or broken off since the last run is run once, now."""
        for name in self.records.going_on():
            with self.turns.held(turn_of(name)) as ours:
                if ours:
                    self.records.end_interrupted(name)
        self._follow()
        if self.turns.are_shared:
            self._clock.add_job(self._follow_or_log, "interval", seconds=FOLLOW_S, id=FOLLOWING)
        self._clock.start()

    def add(self, schedule: Schedule, at_once: bool = False) -> None:
        """Raises InvalidArgument. Outside the lock: APScheduler holds one of its own while it calls `_fire`."""
        more: dict[str, Any] = {"next_run_time": datetime.now(UTC)} if at_once else {}
        when = trigger(schedule.cron)
        with self._lock:
            self._schedules[schedule.name] = schedule
        self._clock.add_job(self._fire, when, [schedule], id=schedule.name, replace_existing=True, **more)

    def remove(self, schedule: Schedule) -> None:
        """A run that goes on is left to its end."""
        with self._lock:
            known = self._schedules.pop(schedule.name, None)
        if known is not None:
            with contextlib.suppress(JobLookupError):  # two removed it at once
                self._clock.remove_job(schedule.name)

    def _follow(self) -> None:
        """Do as the lake says: other servers make schedules and drop them, too."""
        now = datetime.now(UTC)
        with self._lock:
            known = dict(self._schedules)
        for kept in self.records.load():
            if known.pop(kept.schedule.name, None) == kept.schedule:
                continue
            try:
                self.add(kept.schedule, at_once=kept.is_due(now))
            except InvalidArgument as error:  # another version of APScheduler took it
                self._log.error("a schedule is left out", schedule=kept.schedule.name, error=str(error))
        for schedule in known.values():
            self.remove(schedule)

    def _follow_or_log(self) -> None:
        try:
            self._follow()
        except LakehouseError as error:
            self._log.warning("schedules of other servers can't be read", error=str(error))

    def coming(self) -> list[dict[str, Any]]:
        """When each runs next, for the view catalog.schedules."""
        jobs = [job for job in self._clock.get_jobs() if job.id != FOLLOWING] if self._clock.running else []
        return [{"name": job.id, "next_run_at": job.next_run_time} for job in jobs]

    def stop(self) -> None:
        """Start no more runs, and wait a moment for those that go on. May be called again."""
        self._stopping.set()
        if self._clock.running:
            self._clock.shutdown(wait=False)

    def wait(self) -> None:
        """Wait for runs to end, but not for long: one that is left is told as interrupted at the next start."""
        ends_at = time.monotonic() + STOP_S_MAX
        for thread in list(self._running.values()):
            thread.join(max(0.0, ends_at - time.monotonic()))

    def _fire(self, schedule: Schedule) -> None:
        with self._lock:
            if schedule.name in self._running or self._stopping.is_set():
                self._log.warning("a run is left out: the one before goes on", schedule=schedule.name)
                return
            name = f"schedule-{schedule.name}"
            thread = threading.Thread(target=self._run, args=[schedule], name=name, daemon=True)
            self._running[schedule.name] = thread
            thread.start()

    def _run(self, schedule: Schedule) -> None:
        try:
            with self._places:
                if not self._stopping.is_set():
                    self._in_turn(schedule)
        except LakehouseError as error:
            # Without its start there is no run; without its end it is told as interrupted before the next.
            self._log.error("a run could not be recorded", schedule=schedule.name, error=str(error))
        finally:
            with self._lock:
                del self._running[schedule.name]

    def _in_turn(self, schedule: Schedule) -> None:
        """Run it, unless another server does or did. All servers come here when its time has come."""
        with self.turns.held(turn_of(schedule.name)) as ours:
            if ours and self._is_due(schedule):
                self._recorded(schedule)
            else:
                self._log.info("a run is left to another server", schedule=schedule.name)

    def _is_due(self, schedule: Schedule) -> bool:
        """The turn is ours: a run that seems to go on ended with its server."""
        kept = self.records.find(schedule.name)
        if kept is not None and kept.goes_on:
            self.records.end_interrupted(kept.schedule.name)
            kept = self.records.find(schedule.name)
        return kept is not None and kept.schedule == schedule and kept.is_due(datetime.now(UTC))

    def _recorded(self, schedule: Schedule) -> None:
        run_id = self.records.began(schedule)
        status, code = "succeeded", None
        try:
            message = self._operate(schedule)
        except LakehouseError as error:
            status, code, message = "failed", error.code, str(error)
        except Exception:  # noqa: BLE001 - the next run must find its place free
            self._log.exception("a run failed", schedule=schedule.name, operation=schedule.operation)
            status, code, message = "failed", LakehouseError.code, "internal error: see the server's log"
        if status == "failed" and self._stopping.is_set():
            status = INTERRUPTED
        self.records.ended(schedule, run_id, status, code, message[:MESSAGE_CHARS_MAX])
        self._log.info("run", schedule=schedule.name, operation=schedule.operation, status=status, code=code)

    def _operate(self, schedule: Schedule) -> str:
        """Run the operation as the principal is now; how many rows it gave."""
        caller = Caller(self._principals.enabled(schedule.principal), f"schedule:{schedule.name}")
        table = self._operations.run(caller, schedule.operation, schedule.arguments_read())
        return f"{table.num_rows} rows"
