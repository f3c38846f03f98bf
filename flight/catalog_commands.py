"""The metadata commands: what is there, from the server's listing, as the published tables."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from flight.gen import flight_sql_pb2 as sql
from flight.metadata.catalogs import catalogs_table
from flight.metadata.keys import (
    FOREIGN_KEYS_SCHEMA,
    PRIMARY_KEYS_SCHEMA,
    ForeignKeyRow,
    PrimaryKeyRow,
    foreign_keys_table,
    primary_keys_table,
)
from flight.metadata.patterns import Predicate, exact, like
from flight.metadata.schemas import DB_SCHEMAS_SCHEMA, SchemaRow, db_schemas_table
from flight.metadata.table_types import table_types_table
from flight.metadata.tables import TableRow, tables_schema, tables_table
from flight.metadata.type_info import type_info_table
from flight.sql_claims import ServerFacts
from flight.sql_info import sql_info
from flight.table_schemas import TableSchemas
from server.catalog.listing import KINDS, ListedTable, Listing
from server.engine.location import LAKE


class CatalogCommands:
    """Each command is answered by one method that gives the whole table; its schema is the table's."""

    def __init__(self, listing: Listing, facts: ServerFacts) -> None:
        self._listing = listing
        self._table_schemas = TableSchemas(listing)
        self._facts = facts
        self._answers: Mapping[type[Any], Callable[[Any], pa.Table]] = {
            sql.CommandGetSqlInfo: lambda c: sql_info(list(c.info), self._facts),
            sql.CommandGetXdbcTypeInfo: lambda c: type_info_table(c.data_type if c.HasField("data_type") else None),
            sql.CommandGetCatalogs: lambda _: catalogs_table([LAKE]),
            sql.CommandGetDbSchemas: self._schemas,
            sql.CommandGetTables: self._tables,
            sql.CommandGetTableTypes: lambda _: table_types_table(KINDS),
            sql.CommandGetPrimaryKeys: self._primary_keys,
            sql.CommandGetExportedKeys: self._exported_keys,
            sql.CommandGetImportedKeys: self._imported_keys,
            sql.CommandGetCrossReference: self._cross_reference,
        }

    def knows(self, command: Any) -> bool:
        return type(command) in self._answers

    def schema(self, command: Any) -> pa.Schema:
        """Without looking anything up in the lake."""
        if isinstance(command, sql.CommandGetTables):
            return tables_schema(command.include_schema)
        if (known := _SCHEMAS.get(type(command))) is not None:
            return known
        return self._answers[type(command)](command).schema

    def table(self, command: Any) -> pa.Table:
        return self._answers[type(command)](command)

    def _schemas(self, command: sql.CommandGetDbSchemas) -> pa.Table:
        in_catalog = exact(_given(command, "catalog"))
        wanted = like(_given(command, "db_schema_filter_pattern"))
        names = self._listing.schemas() if in_catalog(LAKE) else []
        return db_schemas_table(SchemaRow(LAKE, name) for name in names if wanted(name))

    def _tables(self, command: sql.CommandGetTables) -> pa.Table:
        in_catalog = exact(_given(command, "catalog"))
        in_schema = like(_given(command, "db_schema_filter_pattern"))
        wanted = like(_given(command, "table_name_filter_pattern"))
        kinds = set(command.table_types) or set(KINDS)
        found = [
            table
            for table in (self._listing.tables() if in_catalog(LAKE) else [])
            if table.kind in kinds and in_schema(table.schema) and wanted(table.name)
        ]
        if not command.include_schema:
            return tables_table((_row(table) for table in found), include_schema=False)
        described = self._table_schemas.of(found)
        return tables_table((_row(table, schema) for table, schema in described), include_schema=True)

    def _primary_keys(self, command: sql.CommandGetPrimaryKeys) -> pa.Table:
        wanted = _table_test(command)
        found = (PrimaryKeyRow(LAKE, *row) for row in self._listing.primary_keys())
        return primary_keys_table(row for row in found if wanted(row.catalog, row.schema, row.table))

    def _exported_keys(self, command: sql.CommandGetExportedKeys) -> pa.Table:
        wanted = _table_test(command)
        rows = (row for row in self._foreign_keys() if wanted(row.pk_catalog, row.pk_schema, row.pk_table))
        return foreign_keys_table(rows, "fk")

    def _imported_keys(self, command: sql.CommandGetImportedKeys) -> pa.Table:
        wanted = _table_test(command)
        rows = (row for row in self._foreign_keys() if wanted(row.fk_catalog, row.fk_schema, row.fk_table))
        return foreign_keys_table(rows, "pk")

    def _cross_reference(self, command: sql.CommandGetCrossReference) -> pa.Table:
        referenced, refers = _table_test(command, "pk_"), _table_test(command, "fk_")
        rows = (
            row
            for row in self._foreign_keys()
            if referenced(row.pk_catalog, row.pk_schema, row.pk_table)
            and refers(row.fk_catalog, row.fk_schema, row.fk_table)
        )
        return foreign_keys_table(rows, "pk")

    def _foreign_keys(self) -> Iterator[ForeignKeyRow]:
        for schema, table, column, *refers in self._listing.foreign_keys():
            fk_schema, fk_table, fk_column, sequence, fk_name, pk_name = refers
            referenced = (LAKE, schema, table, column)
            yield ForeignKeyRow(*referenced, LAKE, fk_schema, fk_table, fk_column, sequence, fk_name, pk_name)


_SCHEMAS: Mapping[type[Any], pa.Schema] = {
    sql.CommandGetDbSchemas: DB_SCHEMAS_SCHEMA,
    sql.CommandGetPrimaryKeys: PRIMARY_KEYS_SCHEMA,
    sql.CommandGetExportedKeys: FOREIGN_KEYS_SCHEMA,
    sql.CommandGetImportedKeys: FOREIGN_KEYS_SCHEMA,
    sql.CommandGetCrossReference: FOREIGN_KEYS_SCHEMA,
}


def _given(command: Any, field: str) -> str | None:
    """The field's text, None where the client left it out: an empty text is a filter too."""
    return str(getattr(command, field)) if command.HasField(field) else None


def _table_test(command: Any, side: str = "") -> Callable[[str | None, str | None, str], bool]:
    """Whether (catalog, schema, table) is the one that the command names on this side."""
    in_catalog = exact(_given(command, f"{side}catalog"))
    in_schema = exact(_given(command, f"{side}db_schema"))
    named: Predicate = exact(getattr(command, f"{side}table"))
    return lambda catalog, schema, table: in_catalog(catalog) and in_schema(schema) and named(table)


def _row(table: ListedTable, schema: bytes | None = None) -> TableRow:
    return TableRow(LAKE, table.schema, table.name, table.kind, schema)
