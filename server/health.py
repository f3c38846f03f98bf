"""The operation health: is the server well, and what is it?"""

import time
from typing import Any

import duckdb
import pyarrow as pa

from server.engine.engine import Engine
from server.jobs.service import Jobs
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of
from server.version import VERSION

RESULT = schema_of(
    status=pa.string(),
    version=pa.string(),
    duckdb_version=pa.string(),
    lake_catalog=pa.string(),
    lake_data=pa.string(),
    snapshot=pa.int64(),
    uptime_s=pa.float64(),
    statements_running=pa.int32(),
    statements_queued=pa.int32(),
    jobs_unfinished=pa.int32(),
)


class Health:
    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs
        self._started = time.monotonic()

    def operation(self) -> Operation[Arguments]:
        return Operation(
            "health", "Read the lake's newest snapshot and tell how busy the server is.", Arguments, RESULT, self.run
        )

    def run(self, _: Caller, __: Arguments) -> list[dict[str, Any]]:
        snapshot = self._engine.read(lambda cursor: cursor.rows("SELECT id FROM lakehouse.current_snapshot()"))[0][0]
        location = self._engine.location
        return [
            {
                "status": "ok",
                "version": VERSION,
                "duckdb_version": duckdb.__version__,
                "lake_catalog": "postgres" if location.on_postgres else "duckdb",
                "lake_data": "s3" if location.on_s3 else "folder",
                "snapshot": snapshot,
                "uptime_s": time.monotonic() - self._started,
                "statements_running": self._engine.running.running,
                "statements_queued": self._engine.running.queued,
                "jobs_unfinished": len(self._jobs.running()),
            }
        ]
