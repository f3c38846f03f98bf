"""Running a statement at once, its result bounded."""

from typing import Any

import pyarrow as pa

from server.config import Settings
from server.engine.batches import VARIABLE_ROWS_MAX
from server.engine.cursor import LakeCursor
from server.engine.results import ResultLimits
from server.errors import LimitExceeded
from server.sql.plain_types import without_dictionaries
from server.sql.statements import Statement


def bounded(
    cursor: LakeCursor, statement: Statement, values: Any, settings: Settings, limits: ResultLimits
) -> pa.Table:
    """The whole result. Raises LimitExceeded past result_held_bytes_max and the principal's limits."""
    reader = cursor.execute(statement.text, values).reader(VARIABLE_ROWS_MAX)
    batches, rows, held = [], 0, 0
    for batch in reader:
        rows += batch.num_rows
        held += batch.nbytes
        limits.check(rows, held)
        if held > settings.result_held_bytes_max:
            raise LimitExceeded("result_held_bytes_max", "a result that must be computed at once is too large")
        batches.append(batch)
    plain = without_dictionaries(reader.schema)
    return pa.Table.from_batches(batches, reader.schema).cast(plain)
