"""A log line per statement that ended, without its text. Written in batches by a thread of their own: a line costs as
much as a tenth of a small query's way through this server, and what reads the lines may stand still."""

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

from server.logs import logger

WAITING_MAX = 10_000
BATCH_S = 0.05

_FIELDS = ("statement_id", "session_id", "principal", "kind", "statement_hmac", "duration_ms", "status")


class StatementLines:
    def __init__(self) -> None:
        self._log = logger("statements")
        # It may be used by a destructor that the garbage collector runs in the middle of using it.
        self._waiting: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="statement-lines", daemon=True)
        self._thread.start()

    def add(self, row: Mapping[str, Any]) -> None:
        """Have the line written soon. Over WAITING_MAX lines are dropped, and their number told later."""
        if self._waiting.qsize() < WAITING_MAX:
            self._waiting.put(row)
        else:
            self._dropped += 1

    def stop(self) -> None:
        """Write what waits, if that can be done in a second, and end the thread."""
        self._waiting.put(None)
        self._thread.join(1.0)

    def _run(self) -> None:
        while (row := self._waiting.get()) is not None:
            with contextlib.suppress(OSError):  # nobody reads them any more
                self._log.info("statement", **fields(row))
            if self._waiting.empty():
                time.sleep(BATCH_S)  # what comes meanwhile wakes nobody
            if dropped := self._dropped:
                self._dropped -= dropped
                self._log.warning("lines of statements were dropped", lines=dropped)


def fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record's fields as they stand in a log line."""
    line = {name: row[name] for name in _FIELDS}
    return line | {"rows": row["row_count"], "bytes": row["result_bytes"], "code": row["error_code"]}
