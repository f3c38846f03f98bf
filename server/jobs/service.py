"""The job service: one worker, so that two heavy jobs never compete for the cores of a small machine."""

import queue
import secrets
import threading
from collections.abc import Callable
from typing import Any

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, LakehouseError, NotFound, Unavailable
from server.jobs.job import Job, Status, Stopping
from server.logs import logger

_SQL = named_queries("queries/jobs.sql")
RETRY_WAIT_S = 1.0
ENDED_KEPT_MAX = 1000

Work = Callable[[Job], str]


class Jobs:
    """Kinds are registered before `start`; work does what the job says and returns the message of its success."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kinds: dict[str, Work] = {}
        self._jobs: dict[str, Job] = {}
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._log = logger("jobs")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def register(self, kind: str, work: Work) -> None:
        self._kinds[kind] = work

    def start(self) -> None:
        """Take up what an earlier process left unfinished, then work."""
        for job_id, kind, subject, attempt, actor in self._engine.read(lambda c: c.rows(_SQL["unfinished"])):
            job = Job(job_id, kind, subject, actor, attempt=attempt + 1)
            self._log.info("job resumed", job_id=job_id, kind=kind, subject=subject, attempt=job.attempt)
            self._add(job)
        self._thread.start()

    def submit(self, kind: str, subject: str, actor: str) -> Job:
        """Record the job and queue it. A job of the same kind and subject that has not begun is given instead."""
        for waiting in list(self._jobs.values()):
            if (waiting.kind, waiting.subject, waiting.status) == (kind, subject, Status.QUEUED):
                return waiting
        job = Job(secrets.token_hex(8), kind, subject, actor)
        self._record(job)
        self._add(job)
        return job

    def find(self, job_id: str) -> Job:
        if (job := self._jobs.get(job_id)) is None:
            raise NotFound(f"there is no job {job_id} in this process: see catalog.jobs")
        return job

    def cancel_subject(self, kind: str, subject: str) -> None:
        """Cancel every unfinished job of this kind and subject and wait until none works."""
        for job in [j for j in self._jobs.values() if (j.kind, j.subject) == (kind, subject)]:
            if not job.status.ended:
                job.cancelled.set()
                job.ended.wait()

    def running(self) -> list[Job]:
        return [job for job in self._jobs.values() if not job.status.ended]

    def progress(self) -> list[dict[str, Any]]:
        """done and total of the running jobs, for the view catalog.jobs."""
        return [{"job_id": j.id, "done": j.done, "total": j.total} for j in self.running()]

    def stop(self) -> None:
        """Stop at the next checkpoint; unfinished jobs are taken up at the next start."""
        self._stopping.set()
        for job in self.running():
            job.stopping.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _add(self, job: Job) -> None:
        self._jobs[job.id] = job
        ended = [j.id for j in self._jobs.values() if j.status.ended]
        for job_id in ended[: max(0, len(ended) - ENDED_KEPT_MAX)]:
            del self._jobs[job_id]
        self._queue.put(job)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            if self._stopping.is_set():
                return
            self._work(job)

    def _work(self, job: Job) -> None:
        try:
            while not job.status.ended:
                self._try(job)
        except Stopping:
            self._log.info("job left for the next start", job_id=job.id, kind=job.kind, subject=job.subject)
        except LakehouseError as error:
            # The lake did not take the job's last state: the next start finds it unfinished and runs it again.
            self._log.error("job state could not be recorded", job_id=job.id, error=str(error))
            job.status, job.message = Status.FAILED, str(error)
        finally:
            job.ended.set()

    def _try(self, job: Job) -> None:
        try:
            job.check()
            self._change(job, Status.RUNNING)
            job.message = self._kinds[job.kind](job)
            self._change(job, Status.SUCCEEDED)
        except Cancelled as error:
            if job.stopping.is_set() and not job.cancelled.is_set():
                raise Stopping from None
            job.message = str(error)
            self._change(job, Status.CANCELLED)
        except Unavailable as error:
            self._again(job, error)
        except LakehouseError as error:
            job.message = str(error)
            self._change(job, Status.FAILED)
        except Exception:  # noqa: BLE001 - the worker must outlive any job
            self._log.exception("job failed", job_id=job.id, kind=job.kind, subject=job.subject)
            job.message = "internal error: see the server's log"
            self._change(job, Status.FAILED)

    def _again(self, job: Job, error: Unavailable) -> None:
        """Try again what may pass, up to job_retries_max times; what was committed is not done again."""
        job.message = str(error)
        if job.attempt > self._engine.settings.job_retries_max:
            self._change(job, Status.FAILED)
            return
        self._log.warning("job is tried again", job_id=job.id, attempt=job.attempt, error=str(error))
        job.stopping.wait(RETRY_WAIT_S * job.attempt)
        job.attempt += 1

    def _change(self, job: Job, status: Status) -> None:
        job.status = status
        self._record(job)
        self._log.info("job", job_id=job.id, kind=job.kind, subject=job.subject, status=status.value, done=job.done)

    def _record(self, job: Job) -> None:
        values = [
            job.id,
            job.kind,
            job.subject,
            job.status.value,
            job.done,
            job.total,
            job.attempt,
            job.message,
            job.actor,
        ]

        def insert(cursor: LakeCursor) -> None:
            cursor.execute(_SQL["record"], values)

        self._engine.commit(SERVER, f"job {job.id} {job.status.value}", insert)
