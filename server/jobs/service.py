"""The job service: one worker, so that two heavy jobs never compete for the cores of a small machine."""

import queue
import secrets
import threading
from collections.abc import Callable
from typing import Any

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, LakehouseError, Unavailable
from server.jobs.job import Job, Status, Stopping
from server.logs import logger

_SQL = named_queries("queries/jobs.sql")
RETRY_WAIT_S = 1.0  # before the first retry, twice that before the second, and so on

Work = Callable[[Job], str]


class Jobs:
    """Kinds are registered before `start`; work does what the job says and returns the message of its success.

    Held in memory: the jobs that have not ended. The lake keeps them all. The lock guards who is in `_unfinished` and
    the step from queued to running or cancelled, which two threads may want at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kinds: dict[str, Work] = {}
        self._unfinished: dict[str, Job] = {}
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._stopping = False
        self._log = logger("jobs")
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def register(self, kind: str, work: Work) -> None:
        self._kinds[kind] = work

    def start(self) -> None:
        """Take up what an earlier process left unfinished, then work."""
        for job_id, kind, subject, attempt, actor in self._engine.read(lambda c: c.rows(_SQL["unfinished"])):
            job = Job(job_id, kind, subject, actor, attempt=attempt + 1)
            self._log.info("job resumed", job_id=job_id, kind=kind, subject=subject, attempt=job.attempt)
            self._unfinished[job.id] = job
            self._queue.put(job)
        self._thread.start()

    def submit(self, kind: str, subject: str, actor: str) -> Job:
        """Record the job and queue it. A job of the same kind and subject that has not begun is given instead.

        Raises Unavailable while the server stops.
        """
        with self._lock:
            if self._stopping:
                raise Unavailable("the server is stopping: try again after its next start")
            for waiting in self._unfinished.values():
                if (waiting.kind, waiting.subject, waiting.status) == (kind, subject, Status.QUEUED):
                    return waiting
            job = Job(secrets.token_hex(8), kind, subject, actor)
            self._unfinished[job.id] = job
        try:
            self._record(job)
        except LakehouseError as error:
            self._leave(job, Status.FAILED, error)
            raise
        self._queue.put(job)
        return job

    def cancel(self, kind: str, subject: str) -> None:
        """End every unfinished job of this kind and subject; returns when none of them works any more."""
        for job in [job for job in self.running() if (job.kind, job.subject) == (kind, subject)]:
            with self._lock:
                if waits := job.status is Status.QUEUED:
                    job.status = Status.CANCELLED
            job.cancel()
            if waits:
                try:
                    self._end(job, Status.CANCELLED, Cancelled(f"job {job.id} was cancelled before it began"))
                except LakehouseError as error:
                    self._leave(job, Status.FAILED, error)
                    raise
            job.left.wait()

    def running(self) -> list[Job]:
        """The jobs that have not ended, those that wait included."""
        with self._lock:
            return list(self._unfinished.values())

    def progress(self) -> list[dict[str, Any]]:
        """done and total of the unfinished jobs, for the view catalog.jobs."""
        return [{"job_id": job.id, "done": job.done, "total": job.total} for job in self.running()]

    def stop(self) -> None:
        """Stop at the next checkpoint; unfinished jobs are taken up at the next start. May be called again."""
        with self._lock:
            self._stopping = True
        for job in self.running():
            job.stop()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()
        for job in self.running():
            job.left.set()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            with self._lock:
                if begins := job.status is Status.QUEUED and not self._stopping:
                    job.status = Status.RUNNING
            if begins:
                self._work(job)

    def _work(self, job: Job) -> None:
        """Try until the job has ended, recording each step."""
        failures, done_before = 0, job.done
        try:
            while not job.status.ended:
                self._record(job)
                status, outcome = self._tried(job)
                if isinstance(outcome, Unavailable) and status is Status.FAILED:
                    # A try that got further than the one before starts the count anew.
                    failures = failures + 1 if job.done <= done_before else 1
                    done_before = job.done
                    if failures <= self._engine.settings.job_retries_max:
                        self._wait_to_retry(job, failures, outcome)
                        continue
                self._end(job, status, outcome)
        except Stopping:
            self._log.info("job left for the next start", job_id=job.id, kind=job.kind, subject=job.subject)
            job.left.set()
        except LakehouseError as error:
            # The lake did not take the job's state: the next start finds it unfinished and runs it again.
            self._log.error("job state could not be recorded", job_id=job.id, error=str(error))
            self._leave(job, Status.FAILED, error)

    def _tried(self, job: Job) -> tuple[Status, str | LakehouseError]:
        """How one try ended, with its message or its error. Raises Stopping."""
        try:
            job.check()
            return Status.SUCCEEDED, self._kinds[job.kind](job)
        except Cancelled as error:
            if job.must_stop() and not job.cancelled:  # what it waited for saw only that it must stop
                raise Stopping from None
            return Status.CANCELLED, error
        except LakehouseError as error:
            return Status.FAILED, error
        except Exception:  # noqa: BLE001 - the worker must outlive any job
            self._log.exception("job failed", job_id=job.id, kind=job.kind, subject=job.subject)
            return Status.FAILED, LakehouseError("internal error: see the server's log")

    def _wait_to_retry(self, job: Job, failures: int, error: Unavailable) -> None:
        """What was committed is not done again. Raises as job.check does."""
        self._log.warning("job is tried again", job_id=job.id, attempt=job.attempt, error=str(error))
        job.told.wait(RETRY_WAIT_S * failures)
        job.attempt += 1
        job.message = f"tried again after: {error}"

    def _end(self, job: Job, status: Status, outcome: str | LakehouseError) -> None:
        job.message = str(outcome)
        self._record(job, status)
        self._leave(job, status, outcome if isinstance(outcome, LakehouseError) else None)

    def _leave(self, job: Job, status: Status, error: LakehouseError | None) -> None:
        """Let those who wait see the end, and forget the job."""
        job.status, job.error = status, error
        with self._lock:
            self._unfinished.pop(job.id, None)
        job.left.set()

    def _record(self, job: Job, status: Status | None = None) -> None:
        state = (status or job.status).value
        values = [job.id, job.kind, job.subject, state, job.done, job.total, job.attempt, job.message, job.actor]

        def insert(cursor: LakeCursor) -> None:
            cursor.execute(_SQL["record"], values)

        self._engine.commit(SERVER, f"job {job.id} {state}", insert)
        self._log.info("job", job_id=job.id, kind=job.kind, subject=job.subject, status=state, done=job.done)
