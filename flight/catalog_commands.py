"""The metadata commands: what is there, from the server's listing, as the published tables."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from flight.field_metadata import annotate
from flight.gen import flight_sql_pb2 as sql
from flight.metadata.catalogs import catalogs_table
from flight.metadata.keys import foreign_keys_table, primary_keys_table
from flight.metadata.patterns import exact, like
from flight.metadata.schemas import SchemaRow, db_schemas_table
from flight.metadata.table_types import table_types_table
from flight.metadata.tables import TableRow, tables_schema, tables_table
from flight.metadata.type_info import type_info_table
from flight.sql_claims import ServerFacts
from flight.sql_info import sql_info
from server.catalog.listing import KINDS, ListedTable, Listing
from server.engine.location import LAKE


class CatalogCommands:
    """Each command is answered by one method that gives the whole table; its schema is the table's."""

    def __init__(self, listing: Listing, facts: ServerFacts) -> None:
        self._listing = listing
        self._facts = facts
        self._answers: Mapping[type[Any], Callable[[Any], pa.Table]] = {
            sql.CommandGetSqlInfo: lambda c: sql_info(list(c.info), self._facts),
            sql.CommandGetXdbcTypeInfo: lambda c: type_info_table(c.data_type if c.HasField("data_type") else None),
            sql.CommandGetCatalogs: lambda _: catalogs_table([LAKE]),
            sql.CommandGetDbSchemas: self._schemas,
            sql.CommandGetTables: self._tables,
            sql.CommandGetTableTypes: lambda _: table_types_table(KINDS),
            sql.CommandGetPrimaryKeys: lambda _: primary_keys_table([]),
            sql.CommandGetExportedKeys: lambda _: foreign_keys_table([], "fk"),
            sql.CommandGetImportedKeys: lambda _: foreign_keys_table([], "pk"),
            sql.CommandGetCrossReference: lambda _: foreign_keys_table([], "pk"),
        }

    def knows(self, command: Any) -> bool:
        return type(command) in self._answers

    def schema(self, command: Any) -> pa.Schema:
        """Without looking anything up where the answer may be large."""
        if isinstance(command, sql.CommandGetTables):
            return tables_schema(command.include_schema)
        return self._answers[type(command)](command).schema

    def table(self, command: Any) -> pa.Table:
        return self._answers[type(command)](command)

    def _schemas(self, command: sql.CommandGetDbSchemas) -> pa.Table:
        in_catalog = exact(command.catalog if command.HasField("catalog") else None)
        wanted = like(command.db_schema_filter_pattern if command.HasField("db_schema_filter_pattern") else None)
        names = self._listing.schemas() if in_catalog(LAKE) else []
        return db_schemas_table(SchemaRow(LAKE, name) for name in names if wanted(name))

    def _tables(self, command: sql.CommandGetTables) -> pa.Table:
        in_catalog = exact(command.catalog if command.HasField("catalog") else None)
        in_schema = like(command.db_schema_filter_pattern if command.HasField("db_schema_filter_pattern") else None)
        wanted = like(command.table_name_filter_pattern if command.HasField("table_name_filter_pattern") else None)
        kinds = set(command.table_types) or set(KINDS)
        found = [
            table
            for table in (self._listing.tables() if in_catalog(LAKE) else [])
            if table.kind in kinds and in_schema(table.schema) and wanted(table.name)
        ]
        if not command.include_schema:
            return tables_table((_row(table) for table in found), include_schema=False)
        described = self._listing.columns(found)
        return tables_table((_row(table, *columns) for table, columns in described), include_schema=True)


def _row(table: ListedTable, schema: pa.Schema | None = None, types: list[str] | None = None) -> TableRow:
    if schema is not None:
        schema = annotate(schema, types, table=table.name, schema_name=table.schema, catalog=LAKE)
    return TableRow(LAKE, table.schema, table.name, table.kind, schema)
