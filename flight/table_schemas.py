"""The columns of tables as GetTables embeds them, kept until they change: making them takes 0.2 ms a table."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from flight.metadata.tables import serialised
from server.catalog.listing import ListedColumns, ListedTable, Listing
from server.engine.location import LAKE
from server.gate.rules import READ_ONLY_SCHEMAS
from server.sql.field_metadata import annotate

KEPT_MAX = 5_000  # tables; one of 20 columns takes some 6 KB
UNKNOWN = serialised(pa.schema([]))


class TableSchemas:
    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._kept: dict[ListedTable, bytes] = {}

    def of(self, tables: Sequence[ListedTable]) -> Iterator[tuple[ListedTable, bytes]]:
        """Each with its schema as an encapsulated IPC message. What a view reads may change: people's are made anew."""
        kept = self._kept
        missing = [table for table in tables if table not in kept]
        made = {table: _schema(table, columns) for table, columns in self._listing.columns(missing)}
        self._keep(made)
        for table in tables:
            yield table, made[table] if table in made else kept[table]

    def _keep(self, made: dict[ListedTable, bytes]) -> None:
        """In a new dict, since other threads read the old one."""
        new = {table: schema for table, schema in made.items() if table.kind == "TABLE" or _is_own(table, schema)}
        if new:
            ids = {table.id for table in new}
            both = {table: schema for table, schema in self._kept.items() if table.id not in ids} | new
            self._kept = both if len(both) <= KEPT_MAX else {}


def _is_own(table: ListedTable, schema: bytes) -> bool:
    return table.is_own_view and schema != UNKNOWN


def _schema(table: ListedTable, columns: ListedColumns) -> bytes:
    schema = annotate(
        columns.schema,
        columns.types,
        table=table.name,
        schema_name=table.schema,
        catalog=LAKE,
        writable=table.kind == "TABLE" and table.schema not in READ_ONLY_SCHEMAS,
        remarks=columns.remarks,
    )
    return serialised(schema)
