"""From the append log into the lake, each record exactly once, wherever the process is killed.

The rows carry the log's sequence. The lake thus tells by itself how far it got: by the highest sequence that it holds.
Segments are deleted after the commit; a process that was killed between the two finds them again, asks the lake, and
deletes them.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog_sql import named_queries
from server.appendlog.frames import Kind
from server.appendlog.log import AppendLog
from server.appendlog.reading import Stored
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.querylog.record import SCHEMA, table

SQL = named_queries("queries/query_log.sql")
RECENT_S = 30.0
RECENT_MAX = 64
SHOWN_MAX = 200_000  # pending records that one query sees


@dataclass(frozen=True)
class _Flush:
    """Rows that the lake has since this snapshot: a statement that began before it does not see them there."""

    snapshot: int
    at: float
    rows: pa.Table


class Flushing:
    """`flush` by one thread at a time; `pending` by any."""

    def __init__(self, engine: Engine, log: AppendLog) -> None:
        self._engine, self._append_log = engine, log
        self._flushing = threading.Lock()
        self._moving = threading.Lock()  # while records are neither here nor there for who asks
        self._recent: deque[_Flush] = deque(maxlen=RECENT_MAX)
        self._sure = False
        self.position = 0  # sequence up to which the lake has the records

    def open(self) -> None:
        """Find out how far the lake is, once its control schema is there."""
        with self._flushing, self._moving:
            self._take_up()

    def flush(self) -> None:
        """Write what is pending. Raises LakehouseError; what was not written stays pending."""
        with self._flushing:
            if not self._sure:
                with self._moving:
                    self._take_up()
            # What comes from here on waits for the next flush: a commit for the few of each moment makes small files.
            through = self._append_log.last_of(Kind.STATEMENT)
            if through <= self.position:
                return
            self._append_log.seal()
            rows_max = self._engine.settings.query_log_rows_max
            while self.position < through:
                batch = self._append_log.read(Kind.STATEMENT, self.position, rows_max)
                with self._moving:
                    self._move([record for record in batch if record.sequence <= through])

    def pending(self, snapshot: int | None) -> pa.Table:
        """Records that a statement which sees the lake as of this snapshot does not find there, in their order."""
        with self._moving:
            recent = [f.rows for f in self._recent if snapshot is not None and snapshot < f.snapshot]
            waiting = self._append_log.read(Kind.STATEMENT, self.position, SHOWN_MAX)
            return pa.concat_tables([SCHEMA.empty_table(), *recent, table(waiting)])

    def _move(self, batch: list[Stored]) -> None:
        rows, last = table(batch), batch[-1]
        message = f"query log {last.log_id} {last.sequence}"

        def insert(cursor: LakeCursor) -> int:
            cursor.register("pending_records", rows)
            try:
                cursor.execute(SQL["insert"])
            finally:
                cursor.unregister("pending_records")
            return int(cursor.rows(SQL["snapshot"])[0][0])

        self._sure = False  # an error out of a commit does not tell whether it was done
        before = self._engine.commit(SERVER, message, insert)
        self.position, self._sure = last.sequence, True
        found: list[tuple[Any, ...]] = self._engine.read(
            lambda cursor: cursor.rows(SQL["committed"], [before, message])
        )
        self._remember(_Flush(found[0][0], time.monotonic(), rows))
        self._append_log.release(Kind.STATEMENT, self.position)

    def _remember(self, flush: _Flush) -> None:
        while self._recent and self._recent[0].at < flush.at - RECENT_S:
            self._recent.popleft()
        self._recent.append(flush)

    def _take_up(self) -> None:
        """Ask the lake how far it got."""
        logs = self._append_log.log_ids()
        self.position = max(self.position, min(logs.values()) - 1)
        for log_id, first in logs.items():
            found = self._engine.read(lambda cursor, key=(log_id, first): cursor.rows(SQL["position"], key))  # type: ignore[misc]
            self.position = max(self.position, found[0][0])
        if self.position > self._append_log.last:
            # The folder is older than the lake, put back from a copy: these sequences were given to other records.
            self._append_log.begin_anew(self.position)
        self._append_log.release(Kind.STATEMENT, self.position)
        self._sure = True
