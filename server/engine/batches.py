"""Record batches as they go on the wire: how many rows at once, cut to size, given the schema that was promised."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from server.config import Settings
from server.errors import LimitExceeded, SchemaChanged

CHANGED = "a table of this query changed while it was planned; run the statement again"
VARIABLE_ROWS_MAX = 8192
MESSAGE_OVERHEAD_BYTES = 4096  # Flight's own fields beside the batch
COLUMNS_WITHOUT_PADDING = 100  # with more columns the padding of their buffers counts


@dataclass(frozen=True)
class BatchBounds:
    """rows: of a batch of values of fixed width. bytes_max: batches are cut to it. message_bytes_max: a row that is
    larger can't travel: clients refuse such a message."""

    rows: int
    bytes_max: int
    message_bytes_max: int

    @classmethod
    def of(cls, settings: Settings) -> "BatchBounds":
        return cls(settings.batch_rows, settings.batch_bytes_max, settings.message_bytes_max)

    def rows_at_once(self, schema: pa.Schema) -> int:
        """How many rows to ask DuckDB for: it holds them in memory whole, however wide they are."""
        if all(_is_fixed(field.type) for field in schema):
            return self.rows
        return min(self.rows, VARIABLE_ROWS_MAX)

    def cut(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Pieces of at most bytes_max. Raises LimitExceeded for a row that fits no message."""
        size = self._size(batch)
        if size <= self.bytes_max or (batch.num_rows <= 1 and size + MESSAGE_OVERHEAD_BYTES <= self.message_bytes_max):
            yield batch
            return
        if batch.num_rows <= 1:
            raise LimitExceeded(
                "message_bytes_max",
                f"a row of {size} bytes is larger than a message may be: select less of it, "
                "or raise the bound and the client's own",
            )
        rows = min(max(1, batch.num_rows * self.bytes_max // size), batch.num_rows - 1)
        for start in range(0, batch.num_rows, rows):
            yield from self.cut(batch.slice(start, rows))

    def _size(self, batch: pa.RecordBatch) -> int:
        """Bytes on the wire; as Arrow counts them in memory where that is far from any bound."""
        if batch.num_columns <= COLUMNS_WITHOUT_PADDING and batch.nbytes <= self.bytes_max // 2:
            return batch.nbytes
        return int(pa.ipc.get_record_batch_size(batch))


def cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give the batch the types that were promised before the run; they differ where an untyped NULL was bound.

    Raises SchemaChanged.
    """
    if batch.schema.names != schema.names:
        raise SchemaChanged(CHANGED)
    try:
        return pa.RecordBatch.from_arrays(
            [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)], schema=schema
        )
    except (pa.ArrowException, ValueError):
        raise SchemaChanged(CHANGED) from None


def _is_fixed(arrow: pa.DataType) -> bool:
    return pa.types.is_primitive(arrow) or pa.types.is_decimal(arrow) or pa.types.is_boolean(arrow)
