"""DuckDB's exceptions into ours, by type alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from server.engine.context import Context
from server.errors import Cancelled, Conflict, LakehouseError, SqlError, StatementTimeout, Unavailable
from server.logs import logger

CANCELLED = "the statement was cancelled"
TOO_LONG = "the statement ran longer than the bound statement_s_max allows"
INTERNAL = "DuckDB met an internal error: see the server's log"
EXIT_FATAL = 70

_log = logger("engine")


def translate(error: Exception, context: Context | None = None) -> LakehouseError:
    """Return what the caller should see for an exception out of DuckDB or its Arrow stream."""
    if isinstance(error, duckdb.FatalException):
        # DuckDB serves nothing after this. What was committed is safe: a fresh process reads it.
        _log.critical("DuckDB is unusable: the process ends", error=str(error))
        os._exit(EXIT_FATAL)
    if isinstance(error, duckdb.InternalException):
        _log.error("internal error of DuckDB", error=str(error))
        return LakehouseError(INTERNAL)
    if context is not None and context.error is not None:
        return context.error
    if context is not None and context.timed_out:
        return StatementTimeout(TOO_LONG)
    if isinstance(error, duckdb.InterruptException) or (context is not None and context.cancelled.is_set()):
        return Cancelled(CANCELLED)
    if isinstance(error, duckdb.TransactionException):
        return Conflict(f"{error}; run the transaction again")
    if isinstance(error, (duckdb.OutOfMemoryException, duckdb.IOException)):
        return Unavailable(str(error))
    return SqlError(str(error))


@contextmanager
def translated(context: Context | None = None) -> Iterator[None]:
    """Raise ours instead of DuckDB's. An error inside a result stream arrives as OSError from Arrow."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise translate(error, context) from error
