"""The answer to GetDbSchemas."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from flight.metadata.rows import nulls_first, table_of

DB_SCHEMAS_SCHEMA = pa.schema(
    [pa.field("catalog_name", pa.string()), pa.field("db_schema_name", pa.string(), nullable=False)]
)


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """One schema; `catalog` is None where it belongs to no catalog."""

    catalog: str | None
    name: str


def db_schemas_table(rows: Iterable[SchemaRow]) -> pa.Table:
    """Return one row per schema, sorted by catalog, then name."""
    ordered = sorted(rows, key=lambda row: nulls_first(row.catalog, row.name))
    return table_of(DB_SCHEMAS_SCHEMA, ((row.catalog, row.name) for row in ordered))
