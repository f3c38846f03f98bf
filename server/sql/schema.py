"""Arrow schemas written as keyword arguments."""

import pyarrow as pa


def schema_of(**columns: pa.DataType) -> pa.Schema:
    """schema_of(name=pa.string(), rows=pa.int64())"""
    return pa.schema(columns)
