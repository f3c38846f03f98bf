"""Running a statement at once, its result bounded."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from server.config import Settings
from server.engine.cursor import LakeCursor
from server.engine.translate import CANCELLED
from server.errors import Cancelled, LimitExceeded
from server.sql.plain_types import without_dictionaries
from server.sql.statements import Statement


def counted(cursor: LakeCursor, statement: Statement, many: Sequence[Any]) -> pa.Table:
    """Run once per set of values. Column Count: rows changed; no row where DuckDB gives no count, as for DDL."""
    counts: list[int] = []
    for values in many:
        if cursor.context.cancelled.is_set():
            raise Cancelled(CANCELLED)
        table = cursor.execute(statement.text, values).table()
        if table.num_rows and table.column_names == ["Count"]:
            counts.append(int(table.column(0)[0].as_py()))
    return pa.table({"Count": pa.array([sum(counts)] if counts else [], pa.int64())})


def bounded(cursor: LakeCursor, statement: Statement, values: Any, settings: Settings) -> pa.Table:
    """The whole result. Raises LimitExceeded past result_held_bytes_max."""
    reader = cursor.execute(statement.text, values).reader(settings.batch_rows)
    batches, held = [], 0
    for batch in reader:
        held += batch.nbytes
        if held > settings.result_held_bytes_max:
            raise LimitExceeded("result_held_bytes_max", "a result that must be computed at once is too large")
        batches.append(batch)
    plain = without_dictionaries(reader.schema)
    return pa.Table.from_batches(batches, reader.schema).cast(plain)
