"""DuckDB's exceptions into ours, by type alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from server.engine.context import Context
from server.errors import Cancelled, Conflict, LakehouseError, SqlError, StatementTimeout, Unavailable


def translate(error: Exception, context: Context | None = None) -> LakehouseError:
    """Return what the caller should see for an exception out of DuckDB or its Arrow stream."""
    if context is not None and context.error is not None:
        return context.error
    if context is not None and context.timed_out:
        return StatementTimeout("the statement ran longer than the bound statement_s_max allows")
    if isinstance(error, duckdb.InterruptException) or (context is not None and context.cancelled.is_set()):
        return Cancelled("the statement was cancelled")
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
