"""Reading results of ours batch by batch."""

from collections.abc import Iterator

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.translate import translated


def batches(cursor: LakeCursor, sql: str, rows: int) -> Iterator[pa.RecordBatch]:
    """Run a query and give its batches of about `rows` rows. DuckDB computes as they are read, so errors come then."""
    reader = cursor.execute(sql).reader(rows)
    while True:
        with translated(cursor.context):
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
        yield batch
