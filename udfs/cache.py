"""Rows for the view catalog.cache: the pinned datasets of this server."""

from typing import Any

import duckdb
import pyarrow as pa

from server.cache.service import HotCache
from udfs.binding import rows_function

TEXT, TIME = pa.string(), pa.timestamp("us", "UTC")
COLUMNS: dict[str, tuple[str, Any]] = {
    "dataset": ("VARCHAR", TEXT),
    "state": ("VARCHAR", TEXT),
    "row_count": ("BIGINT", pa.int64()),
    "bytes": ("BIGINT", pa.int64()),
    "hits": ("BIGINT", pa.int64()),
    "misses": ("BIGINT", pa.int64()),
    "snapshot": ("BIGINT", pa.int64()),
    "pinned_at": ("TIMESTAMPTZ", TIME),
    "last_used_at": ("TIMESTAMPTZ", TIME),
    "reason": ("VARCHAR", TEXT),
}  # name → SQL and Arrow type


def register(connection: duckdb.DuckDBPyConnection, cache: HotCache) -> None:
    struct = ", ".join(f"{name} {sql}" for name, (sql, _) in COLUMNS.items())
    arrow = pa.struct([(name, kind) for name, (_, kind) in COLUMNS.items()])
    rows_function(connection, "__cache", struct, arrow, cache.rows)
