"""Rows for the views in `catalog` on logins that only the running process knows: sessions, uses of keys."""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from server.access.api_keys import ApiKeys
from udfs.binding import rows_function

TEXT, TIME = pa.string(), pa.timestamp("us", "UTC")
SESSION = {
    "session_id": ("VARCHAR", TEXT),
    "principal": ("VARCHAR", TEXT),
    "credential": ("VARCHAR", TEXT),
    "key_id": ("VARCHAR", TEXT),
    "shared": ("BOOLEAN", pa.bool_()),
    "peer": ("VARCHAR", TEXT),
    "started_at": ("TIMESTAMPTZ", TIME),
    "expires_at": ("TIMESTAMPTZ", TIME),
    "idle_s": ("DOUBLE", pa.float64()),
    "statements_running": ("BIGINT", pa.int64()),
}
KEY_USE = {"key_id": ("VARCHAR", TEXT), "last_used_at": ("TIMESTAMPTZ", TIME)}
Columns = dict[str, tuple[str, Any]]  # name → SQL and Arrow type


def register(
    connection: duckdb.DuckDBPyConnection, keys: ApiKeys, sessions: Callable[[], list[dict[str, Any]]]
) -> None:
    """sessions: a row for each that is open."""
    _rows(connection, "__key_uses", KEY_USE, keys.uses)
    _rows(connection, "__sessions", SESSION, sessions)


def _rows(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Columns, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    struct = ", ".join(f"{column} {sql}" for column, (sql, _) in columns.items())
    arrow = pa.struct([(column, kind) for column, (_, kind) in columns.items()])
    rows_function(connection, name, struct, arrow, rows)
