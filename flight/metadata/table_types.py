"""The answer to GetTableTypes."""

from collections.abc import Iterable

import pyarrow as pa

TABLE_TYPES_SCHEMA = pa.schema([pa.field("table_type", pa.string(), nullable=False)])


def table_types_table(kinds: Iterable[str]) -> pa.Table:
    """Return each kind of table once, sorted."""
    return pa.table({"table_type": pa.array(sorted(set(kinds)), pa.string())}, schema=TABLE_TYPES_SCHEMA)
