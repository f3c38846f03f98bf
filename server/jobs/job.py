"""One job: what it is, how far it is, how it is told to stop, and how others wait for its end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from server.errors import Cancelled, LakehouseError, Unavailable

WAIT_S = 0.5


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


@dataclass(eq=False)
class Job:
    """`done` and `total` count the job's own units; `message` says what came of it, `error` why it failed.

    attempt: tries over all processes, from 1. left: set when this process has done with it, at its end or before.
    """

    id: str
    kind: str
    subject: str
    actor: str
    attempt: int = 1
    status: Status = Status.QUEUED
    done: int = 0
    total: int | None = None
    message: str | None = None
    error: LakehouseError | None = None
    left: threading.Event = field(default_factory=threading.Event)
    told: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    _interrupt: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Ask it to end for good, at its next check, or now where it may be interrupted."""
        self.cancelled = True
        self.stop()

    def stop(self) -> None:
        """Ask it to leave off until the next start, at its next check, or now where it may be interrupted."""
        self.told.set()
        if (interrupt := self._interrupt) is not None:
            interrupt()

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """interrupt: ends what the job does just now, with Cancelled; another thread calls it. It does nothing between
        two statements, so check before each that may take long."""
        self._interrupt = interrupt
        try:
            yield
        finally:
            self._interrupt = None

    def must_stop(self) -> bool:
        return self.told.is_set()

    def check(self) -> None:
        """Raise Cancelled or Stopping if the job must leave off here."""
        if self.cancelled:
            raise Cancelled(f"job {self.id} was cancelled")
        if self.told.is_set():
            raise Stopping

    def result(self, gone: Callable[[], bool] | None = None) -> str:
        """Wait for the end; the message of success. Raises the job's error, Unavailable if the server stops first,
        Cancelled once gone() says that nobody waits any more; the job itself goes on."""
        while not self.left.wait(WAIT_S):
            if gone is not None and gone():
                raise Cancelled(f"the client went away; job {self.id} goes on")
        if self.status is Status.SUCCEEDED:
            return self.message or ""
        if self.error is not None:
            raise self.error
        raise Unavailable(f"the server is stopping: job {self.id} goes on at its next start")
