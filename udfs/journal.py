"""entity_history and cell_history: what the journal knows of an entity, its values opened."""

import json
from typing import Any

import duckdb
import pyarrow as pa

from server.access.principals import Principals
from server.engine.context import Context, Contexts
from server.errors import PermissionDenied
from server.journal.sealing import Sealing, Values
from udfs.binding import SqlFunction, statement_function

FUNCTIONS = [
    SqlFunction(
        "entity_history",
        "table",
        "entity_history(dataset VARCHAR, key) -> sequence, occurred_at, change, field, old_value, new_value, status,"
        " detail, actor, source, workspace, snapshot_id",
        "Every journalled change of an entity, oldest first, and of its dataset as a whole. A whole row is JSON of"
        " texts. status tells whether the values are readable or erased. For administrators.",
        "SELECT count(*) FROM entity_history('python_reference', 'finally')",
    ),
    SqlFunction(
        "cell_history",
        "table",
        "cell_history(dataset VARCHAR, key, column VARCHAR) -> sequence, occurred_at, change, old_value, new_value,"
        " status, actor, source, workspace, snapshot_id",
        "Every journalled change of one column of an entity, oldest first. For administrators.",
        "SELECT count(*) FROM cell_history('python_reference', 'finally', 'body')",
    ),
]
OPENED = "STRUCT(old_value VARCHAR, new_value VARCHAR, status VARCHAR)"
ARROW = pa.struct([("old_value", pa.string()), ("new_value", pa.string()), ("status", pa.string())])
Opened = dict[str, str | None]


def register(
    connection: duckdb.DuckDBPyConnection, contexts: Contexts, sealing: Sealing, principals: Principals
) -> None:
    def check(context: Context) -> None:
        found = principals.find(context.principal)
        if found is None or not found.is_admin:
            raise PermissionDenied("the journal's values are for administrators")

    def entity(context: Context, datasets: list[Any], keys: list[Any]) -> list[str | None]:
        check(context)
        return [
            None if dataset is None or key is None else sealing.subject(dataset, key).hex()
            for dataset, key in zip(datasets, keys, strict=True)
        ]

    def opened(context: Context, *columns: list[Any]) -> list[Opened | None]:
        check(context)
        return [_opened(sealing, *row) for row in zip(*columns, strict=True)]

    statement_function(connection, contexts, "__journal_entity", ["VARCHAR", "VARCHAR"], "VARCHAR", pa.string(), entity)
    arguments = ["VARCHAR", "BIGINT", "BLOB", "VARCHAR", "VARCHAR"]
    statement_function(connection, contexts, "__journal_open", arguments, OPENED, ARROW, opened)


def _opened(
    sealing: Sealing,
    entity_hmac: str | None,
    key_number: int | None,
    sealed: bytes | None,
    field: str | None,
    column: str | None,
) -> Opened | None:
    """None where the event does not concern the column. column: None for all."""
    if entity_hmac is None or key_number is None or sealed is None:
        return None
    if column is not None and field is not None and field.lower() != column.lower():
        return None
    values, status = sealing.open(bytes.fromhex(entity_hmac), key_number, sealed)
    if values is None:
        return {"old_value": None, "new_value": None, "status": status}
    if column is not None and field is None:
        return _cell(values, column, status)
    return {"old_value": values.old, "new_value": values.new, "status": status}


def _cell(values: Values, column: str, status: str) -> Opened | None:
    """Out of whole rows; None if they have no such column."""
    had, old = _value(values.old, column)
    has, new = _value(values.new, column)
    return {"old_value": old, "new_value": new, "status": status} if had or has else None


def _value(row: str | None, column: str) -> tuple[bool, str | None]:
    """Whether a row, JSON of texts, has the column, and its value."""
    try:
        cells = json.loads(row or "{}")
    except ValueError:  # an event from outside need not hold a row
        return False, None
    if isinstance(cells, dict):
        for name, value in cells.items():
            if name.lower() == column.lower():
                return True, value if value is None or isinstance(value, str) else json.dumps(value)
    return False, None
