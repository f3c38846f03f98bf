"""The query log: a record per statement or operation that ended, in the append log at once and in the lake soon."""

import hmac
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from server.appendlog.frames import Kind
from server.appendlog.log import AppendLog
from server.engine.engine import Engine
from server.errors import Cancelled, LakehouseError, LogUnavailable
from server.logs import logger
from server.querylog.flushing import Flushing
from server.querylog.lines import StatementLines, fields
from server.querylog.record import TEXT_CHARS_MAX, durable, encode

Observer = Callable[[Mapping[str, Any]], None]


@dataclass
class Record:
    """A statement in progress. `end` is called once."""

    log: "QueryLog"
    row: dict[str, Any]
    started: float

    def end(self, rows: int, result_bytes: int, error: BaseException | None) -> None:
        """result_bytes: of the rows given, in Arrow; 0 where none were.

        Raises LogUnavailable if the end can't be recorded, unless the caller is told of an error anyway.
        """
        status = "ok" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        self.row |= {
            "duration_ms": (time.perf_counter() - self.started) * 1000,
            "row_count": rows if error is None else None,
            "status": status,
            "error_code": None if error is None else getattr(error, "code", LakehouseError.code),
            "result_bytes": result_bytes,
        }
        try:
            self.log.add(self.row)
        except LogUnavailable:
            if error is None:
                raise


class QueryLog:
    """A statement is acknowledged after its record is in the append log: a query's at the end of its stream."""

    def __init__(self, engine: Engine, log: AppendLog, key: bytes) -> None:
        """key: of the HMACs of texts."""
        self._settings = engine.settings
        self._key = key
        self._log = logger("query_log")
        self._append_log = log
        self._flushing = Flushing(engine, log)
        info = self._settings.log_statements and self._settings.log_level in ("debug", "info")
        self._lines = StatementLines() if info else None
        self._observers: list[Observer] = []
        self._asked = False
        # It may be used by a destructor that the garbage collector runs in the middle of using it.
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)

    def open(self) -> None:
        """Take up what the process before this one did not write to the lake; its control schema is there by now."""
        self._flushing.open()
        self._thread.start()

    def observe(self, observer: Observer) -> None:
        """Call observer with each record as it ends: the columns of SCHEMA, but for its place in the log."""
        self._observers.append(observer)

    def start(self, session_id: str, principal: str, kind: str, text: str) -> Record:
        """Raises LogUnavailable or LimitExceeded while nothing can be recorded: then nothing is to run."""
        if self._append_log.failed:
            self._check()
        row = {
            "statement_id": secrets.token_hex(8),
            "session_id": session_id,
            "principal": principal[:TEXT_CHARS_MAX],
            "kind": kind[:TEXT_CHARS_MAX],
            "statement_hmac": hmac.digest(self._key, text.encode(), "sha256").hex(),
            "started_at": datetime.now(UTC),
        }
        return Record(self, row, time.perf_counter())

    def add(self, row: Mapping[str, Any]) -> None:
        """Record an end. Raises LogUnavailable."""
        try:
            sequence = self._append_log.append(Kind.STATEMENT, encode(row), durable(row))
        except LakehouseError as error:
            self._flush_soon()
            self._log.error("the end of a statement was not recorded", reason=str(error), **fields(row))
            raise LogUnavailable(f"the statement has run, but its end could not be recorded: {error}") from None
        finally:
            self._tell(row)
        if sequence - self._flushing.position >= self._settings.query_log_rows_max:
            self._flush_soon()

    def pending(self, snapshot: int | None) -> pa.Table:
        """Records that a statement of this snapshot does not find in the lake, for the view catalog.query_log."""
        return self._flushing.pending(snapshot)

    def flush(self) -> None:
        """Write what is pending. Raises LakehouseError; what was not written stays pending."""
        self._flushing.flush()

    def stop(self) -> None:
        """Write what is pending. What can't be written is in the append log, for the next start."""
        if self._thread.is_alive():
            self._wake.put(False)
            self._thread.join()
            self._flush()
        if self._lines is not None:
            self._lines.stop()

    def _check(self) -> None:
        try:
            self._append_log.check()
        except LakehouseError:
            self._flush_soon()  # it makes room
            raise

    def _flush_soon(self) -> None:
        if not self._asked:
            self._asked = True
            self._wake.put(True)

    def _tell(self, row: Mapping[str, Any]) -> None:
        if self._lines is not None:
            self._lines.add(row)
        for observer in self._observers:
            observer(row)

    def _run(self) -> None:
        while self._awaken():
            # After a failure nothing but time brings the next try, however many records there are by then.
            self._asked = not self._flush()

    def _awaken(self) -> bool:
        """Wait until it is time to flush; False to end."""
        try:
            return self._wake.get(timeout=self._settings.query_log_flush_s)
        except queue.Empty:
            return True

    def _flush(self) -> bool:
        try:
            self._flushing.flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next flush may succeed
            self._log.warning("the query log could not be written to the lake", error=str(error))
            return False
        return True
