"""From dataclass rows to an Arrow table: what the builders in this folder share."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import pyarrow as pa

from server.sql.arrow_types import ArrowField

SortKey: TypeAlias = tuple[tuple[bool, str | int], ...]


def schema_of(*fields: ArrowField) -> pa.Schema:
    """Return a schema of these fields; pyarrow's stubs can't type a list of fields of several types."""
    return pa.schema(fields)


def table_of(schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Return a table of these rows; each has one value per field of the schema. No rows give an empty table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def nulls_first(*values: str | int | None) -> SortKey:
    """A sort key in which a missing value comes before all others."""
    return tuple((value is not None, "" if value is None else value) for value in values)
