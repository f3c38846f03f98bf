"""Running a statement at once, its result bounded."""

from typing import Any

import pyarrow as pa

from server.config import Settings
from server.engine.batches import VARIABLE_ROWS_MAX
from server.engine.cursor import LakeCursor
from server.engine.results import ResultLimits
from server.errors import LimitExceeded
from server.sql.field_metadata import result_schema
from server.sql.statements import Statement
from server.sql.wide_integers import check_wide, wide_columns


def bounded(
    cursor: LakeCursor, statement: Statement, values: Any, settings: Settings, limits: ResultLimits
) -> pa.Table:
    """The whole result. Raises LimitExceeded past result_held_bytes_max and the principal's limits."""
    reader = cursor.execute(statement.text, values).reader(VARIABLE_ROWS_MAX)
    types = cursor.types()
    batches, rows, held = [], 0, 0
    for batch in reader:
        rows += batch.num_rows
        held += batch.nbytes
        limits.check(rows, held)
        if held > settings.result_held_bytes_max:
            raise LimitExceeded("result_held_bytes_max", "a result that must be computed at once is too large")
        batches.append(batch)
    schema = result_schema(reader.schema, types)
    table = pa.Table.from_batches(batches, reader.schema).cast(schema)
    if wide := wide_columns(schema):
        for batch in table.to_batches():
            check_wide(batch, wide)
    return table
