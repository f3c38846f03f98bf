"""Compacting one table: rows that are deleted leave its files, then small neighbouring files become one.

Each of the two is a transaction of its own, which ends with a proof and a commit; see `verifying.py`. Whatever happens
before the commit, the old files are the table's. What a killed process has written is known to nobody and goes with the
next compaction; see `remove_unused`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from server.catalog.datasets import Dataset
from server.compaction.files import SQL, listed, remove, remove_unused, table_of
from server.compaction.numbering import own_numbers
from server.compaction.verifying import verify
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Conflict, LakehouseError, OutcomeUnknown
from server.jobs.job import Job
from server.logs import logger

TRIES = 5  # beside what another server writes to the same lake; this one's writers wait for the table
RETRY_WAIT_S = 0.1  # before the first retry, twice that before the second, and so on
CLOCKS_S = 5.0  # files this much older than the process are none of its own

_log = logger("compaction")


class Step(Enum):
    """What has just been done when `told` is called. REWRITE and MERGE have all of them but the last two."""

    BEGUN = "begun"
    WRITTEN = "written"
    VERIFIED = "verified"
    COMMITTED = "committed"
    RECORDED = "recorded"
    CLEANED = "cleaned"


Told = Callable[[str, Step], None]


def _nobody(name: str, step: Step) -> None:
    """Who listens where nobody does."""


@dataclass(frozen=True)
class Size:
    """What a table has: files, rows that are there, bytes of its files."""

    files: int
    rows: int
    file_bytes: int


class Compacting:
    """told: called with the name of the transaction and the step; a test ends the process there."""

    def __init__(self, engine: Engine, told: Told = _nobody) -> None:
        self._engine = engine
        self._told = told
        self._started = time.time(), time.monotonic()
        self._cleaning = threading.Lock()

    def compact(self, dataset: Dataset, job: Job) -> tuple[Size, Size]:
        """Compact and record it; the sizes before and after. Writers of the table wait meanwhile, readers do not.

        Raises NotFound, Conflict, CompactionFailed; then the table is as it was, or as the first transaction left it.
        """
        began = time.monotonic()
        cursor = self._engine.cursor(job.actor)
        try:
            with self._engine.locks.holding(_lock(dataset), job.must_stop), job.interruptible(cursor.interrupt):
                before = self._size(cursor, dataset)
                self.rewrite(cursor, dataset, job)
                own_numbers(cursor, table_of(cursor, self._engine.location, dataset))
                self._tried(cursor, dataset, "merge", job)
                after = self._size(cursor, dataset)
                values = [job.id, dataset.name, before.files, after.files, before.rows, after.rows]
                values += [before.file_bytes, after.file_bytes, job.actor, time.monotonic() - began]
                commit_on(cursor, SERVER, f"compaction of {dataset.name}", lambda c: c.execute(SQL["record"], values))
                self._told("record", Step.RECORDED)
        finally:
            cursor.close()
        try:
            removed = self.clean()
            _log.info("compacted", dataset=dataset.name, job_id=job.id, files_removed=removed)
        except LakehouseError as error:  # the next one removes what this one could not
            _log.warning("files that nobody needs stay for now", dataset=dataset.name, error=str(error))
        return before, after

    def rewrite(self, cursor: LakeCursor, dataset: Dataset, job: Job) -> None:
        """Write the live files that hold deleted rows anew without these, verified before the commit. The caller holds
        the table, which may be one of the server's own, such as `deleted.<dataset>`.

        The old files are no longer live, but stay as long as the snapshots that they belong to. Raises as compact does.
        """
        self._tried(cursor, dataset, "rewrite", job)

    def clean(self) -> int:
        """Remove the files of the lake that nobody needs and whose time has come; how many. See `remove_unused`."""
        with self._cleaning:
            settings = self._engine.settings
            removed = self._engine.read(lambda c: remove_unused(c, settings.replaced_files_s, self._unknown_s()))
            self._told("clean", Step.CLEANED)
            return removed

    def _size(self, cursor: LakeCursor, dataset: Dataset) -> Size:
        table = table_of(cursor, self._engine.location, dataset)
        return Size(*(int(value) for value in cursor.rows(SQL["sizes"], [table.id])[0]))

    def _tried(self, cursor: LakeCursor, dataset: Dataset, name: str, job: Job) -> None:
        for attempt in range(TRIES):
            job.check()
            try:
                return self._once(cursor, dataset, name, job)
            except Conflict:
                if attempt == TRIES - 1:
                    raise
                job.told.wait(RETRY_WAIT_S * 2**attempt)
        raise AssertionError("unreachable")

    def _once(self, cursor: LakeCursor, dataset: Dataset, name: str, job: Job) -> None:
        table = table_of(cursor, self._engine.location, dataset)
        before = listed(cursor, table)
        own = set[str]()  # filled once it is sure which files are: never one of another server's
        try:
            message = f"{name} files of {dataset.name}"
            commit_on(cursor, job.actor, message, lambda c: self._work(c, dataset, name, job, before, own), tries=1)
        except _NothingToDo:
            return
        except OutcomeUnknown:
            raise  # they may be the table's
        except BaseException:
            remove(table, own)
            raise
        self._told(name, Step.COMMITTED)

    def _work(self, cursor: LakeCursor, dataset: Dataset, name: str, job: Job, before: set[str], own: set[str]) -> None:
        """Inside the transaction. Raises _NothingToDo, Conflict if another server writes files of the table."""
        self._told(name, Step.BEGUN)
        table = table_of(cursor, self._engine.location, dataset)
        done = cursor.rows(SQL[name], [dataset.table, dataset.schema])
        if not done:
            raise _NothingToDo
        self._told(name, Step.WRITTEN)
        written = listed(cursor, table) - before
        replaced, created = (sum(int(row[position]) for row in done) for position in (2, 3))
        if len(written) != created:
            raise Conflict(f"another server writes files of {dataset.name}")
        own |= written
        job.check()
        verify(cursor, table, written, replaced)
        self._told(name, Step.VERIFIED)
        job.check()

    def _unknown_s(self) -> float:
        """The age from which on a file that the catalog does not know is nobody's: none but this process writes into a
        lake that lies whole in its data folder."""
        settings = self._engine.settings
        if settings.lake_catalog or settings.lake_data:
            return settings.unknown_files_s
        wall, monotonic = self._started
        # A clock that was set back makes the files written since look older than the process.
        lived_s = max(time.time() - wall, time.monotonic() - monotonic)
        return min(lived_s + CLOCKS_S, settings.unknown_files_s)


def _lock(dataset: Dataset) -> str:
    """What its writers hold: who moves rows into `deleted.<dataset>` holds the dataset."""
    name = dataset.table if dataset.schema == "deleted" else f"{dataset.schema}.{dataset.table}"
    return (name if "." in name else f"main.{name}").lower()


class _NothingToDo(Exception):
    """Ends a transaction that would change nothing."""
