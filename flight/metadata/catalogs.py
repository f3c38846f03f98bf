"""The answer to GetCatalogs."""

from collections.abc import Iterable

import pyarrow as pa

CATALOGS_SCHEMA = pa.schema([pa.field("catalog_name", pa.string(), nullable=False)])


def catalogs_table(names: Iterable[str]) -> pa.Table:
    """Return one row per catalog, sorted by name."""
    return pa.table({"catalog_name": pa.array(sorted(names), pa.string())}, schema=CATALOGS_SCHEMA)
