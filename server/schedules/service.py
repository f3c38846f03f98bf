"""The scheduler: APScheduler tells when, a thread for each run does it, the lake keeps what came of it."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from server.access.principals import Principals
from server.engine.engine import Engine
from server.errors import InvalidArgument, LakehouseError, NotFound
from server.logs import logger
from server.operations.registry import Caller, Operations
from server.schedules.cron import next_after, trigger
from server.schedules.schedule import INTERRUPTED, Schedule, ScheduleRecords

RUNNING_MAX = 4  # runs at once; more wait
STOP_S_MAX = 5.0
MESSAGE_CHARS_MAX = 1000


class Schedules:
    """The lock guards which schedules there are and which of them run: none does twice at once."""

    def __init__(self, engine: Engine, operations: Operations, principals: Principals) -> None:
        self._operations = operations
        self._principals = principals
        self.records = ScheduleRecords(engine)
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
        self.records.end_interrupted()
        now = datetime.now(UTC)
        for kept in self.records.load():
            try:
                due = next_after(trigger(kept.schedule.cron), kept.since)
                self.add(kept.schedule, at_once=kept.was_interrupted or (due is not None and due <= now))
            except InvalidArgument as error:  # another version of APScheduler took it
                self._log.error("a schedule is left out", schedule=kept.schedule.name, error=str(error))
        self._clock.start()

    def add(self, schedule: Schedule, at_once: bool = False) -> None:
        """Outside the lock: APScheduler holds one of its own while it calls `_fire`."""
        more: dict[str, Any] = {"next_run_time": datetime.now(UTC)} if at_once else {}
        when = trigger(schedule.cron)
        with self._lock:
            self._schedules[schedule.name] = schedule
        self._clock.add_job(self._fire, when, [schedule], id=schedule.name, replace_existing=True, **more)

    def remove(self, schedule: Schedule) -> None:
        """A run that goes on is left to its end."""
        with self._lock:
            self._schedules.pop(schedule.name, None)
        self._clock.remove_job(schedule.name)

    def find(self, name: str) -> Schedule:
        """In any letter case. Raises NotFound."""
        if (found := self.get(name)) is None:
            raise NotFound(f"there is no schedule {name!r}: see catalog.schedules")
        return found

    def get(self, name: str) -> Schedule | None:
        with self._lock:
            return next((one for one in self._schedules.values() if one.name.lower() == name.lower()), None)

    def count(self) -> int:
        return len(self._schedules)

    def coming(self) -> list[dict[str, Any]]:
        """When each runs next, for the view catalog.schedules."""
        jobs = self._clock.get_jobs() if self._clock.running else []
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
                    self._recorded(schedule)
        except LakehouseError as error:
            # Without its start there is no run; without its end the next start tells it as interrupted.
            self._log.error("a run could not be recorded", schedule=schedule.name, error=str(error))
        finally:
            with self._lock:
                del self._running[schedule.name]

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
