"""How a Python function becomes an SQL function of DuckDB.

Functions are vectorised over Arrow and registered with null_handling 'special', or one NULL argument would make them
return no rows; and with side effects, or DuckDB would run them while planning. An exception would reach the caller as
text with its type lost, so it is left in the statement's context, which the first argument finds.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from server.engine.context import Context, Contexts
from server.errors import LakehouseError
from server.logs import logger

_log = logger("functions")


@dataclass(frozen=True)
class SqlFunction:
    """What `catalog.functions` shows. kind: 'scalar' or 'table'. example: a statement that a test runs."""

    name: str
    kind: str
    signature: str
    description: str
    example: str


def rows_function(
    connection: duckdb.DuckDBPyConnection, name: str, struct: str, arrow: pa.StructType, rows: Callable[[], list[Any]]
) -> None:
    """Register `name()` that gives a list of structs: the rows of a view over what only the process knows."""
    list_type = pa.list_(arrow)

    def function() -> Any:
        return pa.array([rows()], list_type)

    connection.create_function(
        name, function, [], f"STRUCT({struct})[]", type="arrow", null_handling="special", side_effects=True
    )


def statement_function(
    connection: duckdb.DuckDBPyConnection,
    contexts: Contexts,
    name: str,
    arguments: Sequence[str],
    returns: str,
    arrow: pa.DataType,
    work: Callable[..., list[Any]],
) -> None:
    """Register `name(token, …)`: work(context, *columns) gives a value per row; columns are lists of Python values."""

    def function(*all_columns: Any) -> Any:
        tokens, *columns = all_columns
        context = contexts.find(tokens[0].as_py() if len(tokens) else None)
        return _guarded(name, context, lambda: pa.array(work(context, *(c.to_pylist() for c in columns)), arrow))

    _create(connection, name, function, arguments, returns, "arrow")


def value_function(
    connection: duckdb.DuckDBPyConnection,
    contexts: Contexts,
    name: str,
    arguments: Sequence[str],
    returns: str,
    work: Callable[..., Any],
) -> None:
    """Register `name(token, …)`: work(context, *values) gives one row's value.

    For a function that is mostly called once per statement: one call takes 0.7 ms less than through Arrow.
    """

    def function(*values: Any) -> Any:
        context = contexts.find(values[0])
        return _guarded(name, context, lambda: work(context, *values[1:]))

    _create(connection, name, function, arguments, returns, "native")


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., Any],
    arguments: Sequence[str],
    returns: str,
    kind: str,
) -> None:
    # DuckDB counts the parameters of a function by its signature.
    positional = inspect.Parameter.POSITIONAL_ONLY
    parameters = [inspect.Parameter(f"argument_{number}", positional) for number in range(len(arguments) + 1)]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    connection.create_function(
        name, function, ["VARCHAR", *arguments], returns, type=kind, null_handling="special", side_effects=True
    )


def _guarded(name: str, context: Context, run: Callable[[], Any]) -> Any:
    try:
        return run()
    except LakehouseError as error:
        context.error = error
        raise
    except Exception:
        _log.exception("function failed", function=name)
        context.error = LakehouseError("internal error: see the server's log")
        raise
