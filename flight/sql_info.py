"""The answer to GetSqlInfo, in the published dense union. What is answered stands in `flight/sql_claims.py`."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from flight.metadata.rows import schema_of
from flight.sql_claims import ServerFacts, Value, claims

__all__ = ["SQL_INFO_SCHEMA", "ServerFacts", "sql_info"]

# In the order that flight/sql_claims.py counts them.
_CHILDREN: dict[str, pa.DataType] = {
    "string_value": pa.string(),
    "bool_value": pa.bool_(),
    "bigint_value": pa.int64(),
    "int32_bitmask": pa.int32(),
    "string_list": pa.list_(pa.string()),
    "int32_to_int32_list_map": pa.map_(pa.int32(), pa.list_(pa.int32())),
}

SQL_INFO_SCHEMA = schema_of(
    pa.field("info_name", pa.uint32(), nullable=False),
    pa.field("value", pa.dense_union([pa.field(name, kind) for name, kind in _CHILDREN.items()]), nullable=False),
)


def sql_info(requested: Sequence[int], facts: ServerFacts) -> pa.Table:
    """Return one row per requested code that is known, in the order of the request; no request means every code.

    Columns: info_name uint32 not null, value dense_union of the six published children.
    """
    known = claims(facts)
    codes = [code for code in dict.fromkeys(requested) if code in known] if requested else sorted(known)
    names = pa.array(codes, pa.uint32())
    return pa.Table.from_arrays([names, _union([known[code] for code in codes])], schema=SQL_INFO_SCHEMA)


def _union(values: Iterable[Value]) -> pa.UnionArray:
    """Return a dense union: for each value the child that holds it, and its place there."""
    held: list[list[Any]] = [[] for _ in _CHILDREN]
    kinds, offsets = [], []
    for kind, value in values:
        kinds.append(kind)
        offsets.append(len(held[kind]))
        held[kind].append(value)
    return pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()),
        pa.array(offsets, pa.int32()),
        [pa.array(column, kind) for column, kind in zip(held, _CHILDREN.values(), strict=True)],
        list(_CHILDREN),
    )
