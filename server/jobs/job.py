"""One job: what it is, how far it is, and how it is told to stop."""

import threading
import time
from dataclasses import dataclass, field
from enum import Enum

from server.errors import Cancelled

RATE_WINDOW_S = 1.0


class Status(Enum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class Stopping(BaseException):
    """The server is shutting down: the job stays unfinished and is taken up at the next start."""


@dataclass
class Job:
    """`done` and `total` count the job's own units; `message` says what came of it."""

    id: str
    kind: str
    subject: str
    actor: str
    attempt: int = 1
    status: Status = Status.QUEUED
    done: int = 0
    total: int | None = None
    message: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)

    def must_stop(self) -> bool:
        return self.cancelled.is_set() or self.stopping.is_set()

    def check(self) -> None:
        """Raise if the job must end here."""
        if self.cancelled.is_set():
            raise Cancelled(f"job {self.id} was cancelled")
        if self.stopping.is_set():
            raise Stopping
