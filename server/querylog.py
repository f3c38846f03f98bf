"""The query log: a record per statement or operation that ended, held in memory and written to the lake in batches.

The text is not kept, only its keyed HMAC: a log must not be where erased values live on.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa

from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, LakehouseError
from server.logs import logger
from server.sql.schema import schema_of

SCHEMA = schema_of(
    statement_id=pa.string(),
    session_id=pa.string(),
    principal=pa.string(),
    kind=pa.string(),
    statement_hmac=pa.string(),
    started_at=pa.timestamp("us", "UTC"),
    duration_ms=pa.float64(),
    row_count=pa.int64(),
    status=pa.string(),
    error_code=pa.string(),
)
Observer = Callable[[Mapping[str, Any]], None]
PENDING_ROWS_MAX_FACTOR = 4  # a lake that can't be written must not fill the memory


@dataclass
class Record:
    """A statement in progress. `end` is called once."""

    log: "QueryLog"
    row: dict[str, Any]
    started: float

    def end(self, rows: int, result_bytes: int, error: BaseException | None) -> None:
        """result_bytes: of the rows given, in Arrow; 0 where none were."""
        status = "ok" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        self.row |= {
            "duration_ms": (time.perf_counter() - self.started) * 1000,
            "row_count": rows if error is None else None,
            "status": status,
            "error_code": None if error is None else getattr(error, "code", LakehouseError.code),
        }
        self.log.add(self.row)
        self.log.tell(self.row | {"result_bytes": result_bytes})


class QueryLog:
    def __init__(self, engine: Engine, key: bytes) -> None:
        self._engine = engine
        self._key = key
        self._log = logger("query_log")
        self._pending: list[dict[str, Any]] = []
        # Reentrant: a stream that is dropped logs its end, and may be dropped by the garbage collector in here.
        self._lock = threading.RLock()
        self._flushing = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._observers: list[Observer] = []
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)
        self._thread.start()

    def observe(self, observer: "Observer") -> None:
        """Call observer with each record as it ends: the columns of SCHEMA and result_bytes."""
        self._observers.append(observer)

    def tell(self, row: Mapping[str, Any]) -> None:
        for observer in self._observers:
            observer(row)

    def start(self, session_id: str, principal: str, kind: str, text: str) -> Record:
        row = {
            "statement_id": secrets.token_hex(8),
            "session_id": session_id,
            "principal": principal,
            "kind": kind,
            "statement_hmac": hmac.new(self._key, text.encode(), sha256).hexdigest(),
            "started_at": datetime.now(UTC),
        }
        return Record(self, row, time.perf_counter())

    def add(self, row: dict[str, Any]) -> None:
        with self._lock:
            self._pending.append(row)
            full = len(self._pending) >= self._engine.settings.query_log_rows_max
        if full:
            self._wake.set()

    def pending(self) -> list[dict[str, Any]]:
        """Records not yet in the lake, for the view catalog.query_log."""
        with self._lock:
            return list(self._pending)

    def flush(self) -> None:
        """Write what is pending in one commit."""
        with self._flushing:
            rows = self.pending()
            if not rows:
                return
            table = pa.Table.from_pylist(rows, SCHEMA)

            def insert(cursor: Any) -> None:
                cursor.register("pending_records", table)
                try:
                    cursor.execute("INSERT INTO lakehouse.catalog.query_log_entries SELECT * FROM pending_records")
                finally:
                    cursor.unregister("pending_records")

            self._engine.commit(SERVER, "query log", insert)
            with self._lock:
                del self._pending[: len(rows)]

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join()
        try:
            self.flush()
        except LakehouseError as error:
            self._log.error("the last records of the query log were not written", error=str(error))

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(self._engine.settings.query_log_flush_s)
            self._wake.clear()
            try:
                if not self._stopped:
                    self.flush()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next flush may succeed
                self._log.warning("the query log could not be written", error=str(error))
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        with self._lock:
            excess = len(self._pending) - PENDING_ROWS_MAX_FACTOR * self._engine.settings.query_log_rows_max
            if excess > 0:
                del self._pending[:excess]
                self._log.error("records of the query log were dropped", records=excess)
