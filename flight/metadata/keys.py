"""The answers to GetPrimaryKeys, GetExportedKeys, GetImportedKeys and GetCrossReference.

DuckLake stores no keys: those that people declare are told, by operations such as declare_primary_key. Tools that call
these commands (CLion, DBeaver) fail on an error, not on an empty answer.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Literal

import pyarrow as pa

from flight.gen import flight_sql_info_pb2 as info
from flight.metadata.rows import SortKey, nulls_first, schema_of, table_of

PRIMARY_KEYS_SCHEMA = schema_of(
    pa.field("catalog_name", pa.string()),
    pa.field("db_schema_name", pa.string()),
    pa.field("table_name", pa.string(), nullable=False),
    pa.field("column_name", pa.string(), nullable=False),
    pa.field("key_name", pa.string()),
    pa.field("key_sequence", pa.int32(), nullable=False),
)
FOREIGN_KEYS_SCHEMA = schema_of(
    pa.field("pk_catalog_name", pa.string()),
    pa.field("pk_db_schema_name", pa.string()),
    pa.field("pk_table_name", pa.string(), nullable=False),
    pa.field("pk_column_name", pa.string(), nullable=False),
    pa.field("fk_catalog_name", pa.string()),
    pa.field("fk_db_schema_name", pa.string()),
    pa.field("fk_table_name", pa.string(), nullable=False),
    pa.field("fk_column_name", pa.string(), nullable=False),
    pa.field("key_sequence", pa.int32(), nullable=False),
    pa.field("fk_key_name", pa.string()),
    pa.field("pk_key_name", pa.string()),
    pa.field("update_rule", pa.uint8(), nullable=False),
    pa.field("delete_rule", pa.uint8(), nullable=False),
)
"""One schema for the exported, imported and cross-reference commands."""


@dataclass(frozen=True, slots=True)
class PrimaryKeyRow:
    """One column of a primary key; `sequence` counts from 1 within the key. Fields stand in the schema's order."""

    catalog: str | None
    schema: str | None
    table: str
    column: str
    key_name: str | None
    sequence: int


@dataclass(frozen=True, slots=True)
class ForeignKeyRow:
    """One column of a foreign key and the column it refers to; fields stand in the schema's order.

    The rules are numbers of the published UpdateDeleteRules: nothing follows from a change, so NO ACTION.
    """

    pk_catalog: str | None
    pk_schema: str | None
    pk_table: str
    pk_column: str
    fk_catalog: str | None
    fk_schema: str | None
    fk_table: str
    fk_column: str
    sequence: int
    fk_name: str | None
    pk_name: str | None
    update_rule: int = info.NO_ACTION
    delete_rule: int = info.NO_ACTION


def primary_keys_table(rows: Iterable[PrimaryKeyRow]) -> pa.Table:
    """Return one row per key column, sorted by catalog, schema, table, key name and sequence."""
    ordered = sorted(rows, key=lambda row: nulls_first(row.catalog, row.schema, row.table, row.key_name, row.sequence))
    return table_of(PRIMARY_KEYS_SCHEMA, map(astuple, ordered))


def foreign_keys_table(rows: Iterable[ForeignKeyRow], order_by: Literal["pk", "fk"]) -> pa.Table:
    """Return one row per key column, sorted by the named side's catalog, schema, table and key, then by sequence.

    Published: exported keys are sorted by "fk"; imported keys and cross references by "pk".
    """

    def order(row: ForeignKeyRow) -> SortKey:
        referenced = (row.pk_catalog, row.pk_schema, row.pk_table, row.pk_name)
        refers = (row.fk_catalog, row.fk_schema, row.fk_table, row.fk_name)
        first, last = (referenced, refers) if order_by == "pk" else (refers, referenced)
        return nulls_first(*first, row.sequence, *last)

    return table_of(FOREIGN_KEYS_SCHEMA, map(astuple, sorted(rows, key=order)))
