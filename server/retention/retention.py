"""Old snapshots expire by themselves: each commit is one, and costs the catalog rows and DuckLake's caches memory.

A snapshot that an open transaction began with stays, and so do all after it: its commit is compared with theirs. Which
those are is known by marks, each the newest snapshot at a time: a transaction that began after that time sees it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from catalog_sql import named_queries
from server.catalog.facts import keep_facts
from server.engine.commits import nobody_else
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Unavailable
from server.logs import logger

SQL = named_queries("queries/retention.sql")
EVERY_S = 5.0
AT_ONCE_MAX = 1000  # others wait meanwhile, some 50 ms
TRIES = 20
RETRY_WAIT_S = 0.05
FEW_SHARE = 0.05  # of those kept: fewer than that wait until FEW_EVERY_S has passed
FEW_EVERY_S = 3600.0

_log = logger("retention")


Outdated = list[tuple[int, int]]  # snapshots, each with the version of its schema


@dataclass(frozen=True)
class _Mark:
    """The newest snapshot, and the version of its schema, at a time of the monotonic clock."""

    snapshot: int
    schema_version: int
    taken_at: float


class Retention:
    """journalled: has the journal read all commits so far, as it can not once they expired; up to which it has."""

    def __init__(self, engine: Engine, journalled: Callable[[], int]) -> None:
        self._engine = engine
        self._journalled = journalled
        self._marks: deque[_Mark] = deque()
        self._few_at = time.monotonic()
        self._told = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for what is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def expire(self) -> int:
        """Expire what the settings no longer keep and nobody needs; how many. None while rows are erased: that looks at
        older snapshots. Raises LakehouseError."""
        if not self._engine.history.acquire(blocking=False):
            return 0
        try:
            return self._expire()
        finally:
            self._engine.history.release()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            try:
                while self.expire() == AT_ONCE_MAX and not self._stopping.is_set():
                    pass
                self._told = ""
            except Unavailable:
                pass  # another server keeps the journal, and expires
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round may succeed
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Once for each reason, however often it is met."""
        if str(error) != self._told:
            _log.warning("old snapshots stay for now", error=str(error), kind=type(error).__name__)
            self._told = str(error)

    def _expire(self) -> int:
        needed = self._needed()
        outdated = self._outdated(needed.snapshot) if needed else []
        now, settings = time.monotonic(), self._engine.settings
        few = len(outdated) < min(AT_ONCE_MAX, settings.snapshots_kept_max * FEW_SHARE)
        if needed is None or not outdated or (few and now < self._few_at + FEW_EVERY_S):
            return 0
        read_through = self._journalled()
        outdated = [each for each in outdated if each[0] <= read_through]
        if outdated:
            keep_facts(self._engine, outdated[-1][0])
        for _ in range(TRIES):
            if count := self._tried(outdated, needed):
                self._few_at = now
                _log.info("snapshots expired", snapshots=count)
                return count
            if not outdated or self._stopping.wait(RETRY_WAIT_S):
                break
        return 0

    def _tried(self, outdated: Outdated, needed: _Mark) -> int:
        """Expire those whose schemas nobody uses: DuckLake frees these, in whatever version. It is read again at once
        if it is the newest; others would be by two threads, see `SchemaGate`."""
        cursor = self._engine.cursor(SERVER)
        try:
            with nobody_else(cursor):
                [(_, newest)] = cursor.rows(SQL["newest"])
                unchanged = needed.schema_version == newest
                free = [snapshot for snapshot, version in outdated if unchanged or version < needed.schema_version]
                if not free or self._engine.transactions.changing_schema():
                    return 0
                cursor.execute(SQL["expire"].format(versions=free)).table()
                return len(free)
        finally:
            cursor.close()

    def _needed(self) -> _Mark | None:
        """One that no open transaction began before; None if there is none yet."""
        [(snapshot, version)] = self._engine.read(lambda cursor: cursor.rows(SQL["newest"]))
        self._marks.append(_Mark(snapshot, version, time.monotonic()))
        oldest = self._engine.transactions.oldest()
        while len(self._marks) > 1 and (oldest is None or self._marks[1].taken_at <= oldest):
            self._marks.popleft()
        first = self._marks[0]
        return first if oldest is None or first.taken_at <= oldest else None

    def _outdated(self, before: int) -> Outdated:
        settings = self._engine.settings
        shared = bool(settings.lake_catalog)  # other servers' transactions are not known here
        values = {
            "before": before,
            "kept_s": settings.snapshots_kept_s,
            "kept_max": settings.snapshots_kept_max,
            "young_s": settings.session_s_max if shared else 0.0,
            "most": AT_ONCE_MAX,
        }

        def look(cursor: LakeCursor) -> Outdated:
            return [(int(snapshot), int(version)) for snapshot, version in cursor.rows(SQL["outdated"], values)]

        return self._engine.read(look)
