"""One event of the journal, and many of them as Arrow rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from server.sql.schema import schema_of

# Of a table or of the journal as a whole: no entity, no values.
TABLE_CHANGES = frozenset(
    {"begin", "create", "drop", "replace", "rename", "alter", "write", "journal_on", "journal_off", "gap"}
)


class Event(NamedTuple):
    """dataset: None for a gap of all. entity_hmac: hexadecimal; None for a table as a whole. field: None for a whole
    row. occurred_at: microseconds since 1970, UTC. snapshot_id: the commit; None for what came from outside.
    """

    dataset: str | None
    entity_hmac: str | None
    change: str
    field: str | None
    detail: str | None
    actor: str | None
    source: str | None
    workspace: str | None
    occurred_at: int
    snapshot_id: int | None
    row_id: int | None
    key_number: int | None
    sealed: bytes | None


SCHEMA = schema_of(
    dataset=pa.string(),
    entity_hmac=pa.string(),
    change=pa.string(),
    field=pa.string(),
    detail=pa.string(),
    actor=pa.string(),
    source=pa.string(),
    workspace=pa.string(),
    occurred_at=pa.timestamp("us", "UTC"),
    snapshot_id=pa.int64(),
    row_id=pa.int64(),
    key_number=pa.int64(),
    sealed=pa.binary(),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def batch_of(events: Sequence[Event]) -> pa.RecordBatch:
    """Rows of SCHEMA."""
    columns: Sequence[Sequence[Any]] = list(zip(*events, strict=True)) if events else [()] * len(SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def events_of(rows: pa.RecordBatch | pa.Table) -> list[Event]:
    """The events of rows that have the columns of SCHEMA."""
    columns = []
    for field in SCHEMA:
        column = rows.column(field.name)
        is_time = pa.types.is_timestamp(field.type)
        columns.append((column.cast(field.type).cast(pa.int64()) if is_time else column).to_pylist())
    return [Event(*values) for values in zip(*columns, strict=True)]
