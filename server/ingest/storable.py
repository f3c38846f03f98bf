"""Arrow types that DuckLake can store: what it lacks is cast, as documented in docs/types.md."""

from typing import Any

import pyarrow as pa

from server.errors import InvalidArgument


def storable(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows with storable types: dictionaries become their values, fixed-size lists lists, untyped NULLs text,
    times of day in nanoseconds microseconds.

    Raises InvalidArgument naming a column that can't be stored.
    """
    schema = pa.schema([field.with_type(storable_type(field.type, field.name)) for field in reader.schema])
    if schema.equals(reader.schema):
        return reader
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(_cast(batch, schema), schema=schema) for batch in reader)
    )


def storable_type(kind: pa.DataType, column: str) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return storable_type(kind.value_type, column)
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_float16(kind):
        return pa.float32()
    if kind == pa.time64("ns"):
        return pa.time64("us")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(storable_type(kind.value_type, column))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(storable_type(field.type, column)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(storable_type(kind.key_type, column), storable_type(kind.item_type, column))
    if pa.types.is_union(kind):
        raise InvalidArgument(f"column {column} is a union, which the lake does not store: cast it before loading")
    return kind


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> list[Any]:
    return [column.cast(field.type, safe=False) for column, field in zip(batch.columns, schema, strict=True)]
