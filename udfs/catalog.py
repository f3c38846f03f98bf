"""Rows for the views in `catalog` that only the running process knows: settings, functions, operations, progress."""

import itertools
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from server.catalog.lake_types import LakeColumn, column_types
from server.config import Settings, environment_name, shown, unit_of
from server.jobs.service import Jobs
from server.operations.registry import Operations
from server.querylog import QueryLog
from server.querylog.record import SCHEMA
from server.schedules.service import Schedules
from udfs.binding import SqlFunction, rows_function

TEXT = pa.string()


def register(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    sources: Mapping[str, str],
    operations: Operations,
    functions: list[SqlFunction],
    jobs: Jobs,
    query_log: QueryLog,
    schedules: Schedules,
) -> None:
    _texts(
        connection, "__settings", "name value unit source environment description", lambda: _settings(settings, sources)
    )
    _texts(connection, "__functions", "name kind signature description example", lambda: [vars(f) for f in functions])
    _texts(connection, "__actions", "name signature permission description", lambda: _actions(operations))
    progress = pa.struct([("job_id", TEXT), ("done", pa.int64()), ("total", pa.int64())])
    rows_function(connection, "__job_progress", "job_id VARCHAR, done BIGINT, total BIGINT", progress, jobs.progress)
    coming = pa.struct([("name", TEXT), ("next_run_at", pa.timestamp("us", "UTC"))])
    rows_function(connection, "__schedules", "name VARCHAR, next_run_at TIMESTAMPTZ", coming, schedules.coming)
    _query_log_pending(connection, query_log)
    _column_type(connection)


def _settings(settings: Settings, sources: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "value": shown(settings, name),
            "unit": unit_of(name),
            "source": sources.get(name, "default"),
            "environment": environment_name(name),
            "description": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]


def _actions(operations: Operations) -> list[dict[str, Any]]:
    return [
        {"name": o.name, "signature": o.signature(), "permission": o.permission, "description": o.description}
        for o in operations.all()
    ]


def _texts(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Any) -> None:
    names = columns.split()
    struct = ", ".join(f"{column} VARCHAR" for column in names)
    rows_function(connection, name, struct, pa.struct([(column, TEXT) for column in names]), rows)


def _query_log_pending(connection: duckdb.DuckDBPyConnection, query_log: QueryLog) -> None:
    """__query_log_pending(snapshot): the records that the lake does not have in this snapshot."""

    def function(snapshots: Any) -> Any:
        tables = [query_log.pending(snapshot) for snapshot in snapshots.to_pylist()]
        offsets = list(itertools.accumulate((table.num_rows for table in tables), initial=0))
        rows = pa.concat_tables([SCHEMA.empty_table(), *tables]).to_struct_array()
        return pa.ListArray.from_arrays(offsets, pa.concat_arrays(rows.chunks or [pa.array([], pa.struct(SCHEMA))]))

    struct = (
        "STRUCT(statement_id VARCHAR, session_id VARCHAR, principal VARCHAR, kind VARCHAR, statement_hmac VARCHAR, "
        "started_at TIMESTAMPTZ, duration_ms DOUBLE, row_count BIGINT, status VARCHAR, error_code VARCHAR, "
        "result_bytes BIGINT, log_id VARCHAR, sequence BIGINT)[]"
    )
    connection.create_function(
        "__query_log_pending", function, ["UBIGINT"], struct, type="arrow", null_handling="special", side_effects=True
    )


def _column_type(connection: duckdb.DuckDBPyConnection) -> None:
    """__column_type(parts): the DuckDB name of a column's type from DuckLake's rows, nested ones included."""

    def function(columns: Any) -> Any:
        return pa.array([_type_name(parts) for parts in columns.to_pylist()], TEXT)

    part = "STRUCT(column_id BIGINT, column_name VARCHAR, column_type VARCHAR, parent_column BIGINT)[]"
    connection.create_function(
        "__column_type", function, [part], "VARCHAR", type="arrow", null_handling="special", side_effects=False
    )


def _type_name(parts: list[dict[str, Any]]) -> str:
    ids = {part["column_id"] for part in parts}
    rows = [
        LakeColumn(
            p["column_id"],
            p["column_name"],
            p["column_type"],
            p["parent_column"] if p["parent_column"] in ids else None,
        )
        for p in parts
    ]
    return column_types(rows)[0].duckdb_type
