"""Following a background job: reading `catalog.jobs` until the job has ended."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adbc_driver_manager import dbapi

from clients.python.errors import LakehouseError, plain_errors

JOB_COLUMNS = "job_id, kind, status, done, total, message, started_at, finished_at"
_ONE_JOB = f"SELECT {JOB_COLUMNS} FROM catalog.jobs WHERE job_id = ?"
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class JobProgress:
    """One reading of a job. `done` and `total` count the job's own units; `total` is None until it is known."""

    job_id: str
    kind: str
    status: str
    done: int | None
    total: int | None
    message: str | None
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.status in _ENDED

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"


def watch_job(connection: dbapi.Connection, job_id: str, poll_s: float) -> Iterator[JobProgress]:
    """Yield a reading every poll_s seconds; the last one is of the ended job.

    Raises LakehouseError [not_found] when there is no such job.
    """
    with connection.cursor() as cursor:
        while True:
            with plain_errors():
                cursor.execute(_ONE_JOB, (job_id,))
                row = cursor.fetchone()
            if row is None:
                raise LakehouseError(f"there is no job '{job_id}'", "not_found")
            progress = JobProgress(*row)
            yield progress
            if progress.ended:
                return
            time.sleep(poll_s)
