"""The real ADBC driver understands the answers: a bare Flight server here serves nothing but our builders."""

from collections.abc import Iterator
from typing import Any

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as pf
import pytest

from flight.commands import decode
from flight.gen import flight_sql_pb2 as sql
from flight.metadata.catalogs import catalogs_table
from flight.metadata.patterns import exact, like
from flight.metadata.schemas import SchemaRow, db_schemas_table
from flight.metadata.table_types import table_types_table
from flight.metadata.tables import TableRow, tables_table
from flight.sql_info import ServerFacts, sql_info
from server.sql.arrow_types import arrow_field
from server.sql.field_metadata import annotate

TYPES = {"id": "BIGINT", "price": "DECIMAL(18,3)", "tags": "VARCHAR[]", "at": "TIMESTAMP WITH TIME ZONE"}
COLUMNS = annotate(
    pa.schema([arrow_field(name, kind) for name, kind in TYPES.items()]),
    list(TYPES.values()),
    table="sales",
    schema_name="main",
    catalog="lakehouse",
)
TABLES = [
    TableRow("lakehouse", "main", "sales", "BASE TABLE", COLUMNS),
    TableRow("lakehouse", "main", "sales_view", "VIEW", COLUMNS),
    TableRow("lakehouse", "catalog", "datasets", "VIEW", pa.schema([("dataset", pa.string())])),
]
FACTS = ServerFacts(version="1.2.3", arrow_version=pa.__version__)


def answer(payload: bytes) -> pa.Table:
    match decode(payload):
        case sql.CommandGetSqlInfo() as command:
            return sql_info(command.info, FACTS)
        case sql.CommandGetCatalogs():
            return catalogs_table({row.catalog or "" for row in TABLES})
        case sql.CommandGetDbSchemas() as command:
            schema = like(command.db_schema_filter_pattern if command.HasField("db_schema_filter_pattern") else None)
            rows = {SchemaRow(row.catalog, row.schema or "") for row in TABLES if schema(row.schema)}
            return db_schemas_table(rows)
        case sql.CommandGetTables() as command:
            return tables_table(filter(wanted(command), TABLES), command.include_schema)
        case sql.CommandGetTableTypes():
            return table_types_table(row.kind for row in TABLES)
    raise NotImplementedError("not served here")


def wanted(command: sql.CommandGetTables) -> Any:
    catalog = exact(command.catalog if command.HasField("catalog") else None)
    schema = like(command.db_schema_filter_pattern if command.HasField("db_schema_filter_pattern") else None)
    table = like(command.table_name_filter_pattern if command.HasField("table_name_filter_pattern") else None)
    kinds = set(command.table_types)
    return lambda row: (
        catalog(row.catalog) and schema(row.schema) and table(row.name) and (not kinds or row.kind in kinds)
    )


class MetadataServer(pf.FlightServerBase):
    def get_flight_info(self, context: pf.ServerCallContext, descriptor: pf.FlightDescriptor) -> pf.FlightInfo:
        command = descriptor.command or b""
        return pf.FlightInfo(answer(command).schema, descriptor, [pf.FlightEndpoint(command, [])], -1, -1)

    def do_get(self, context: pf.ServerCallContext, ticket: pf.Ticket) -> pf.FlightDataStream:
        return pf.RecordBatchStream(answer(ticket.ticket))


@pytest.fixture(scope="module")
def connection() -> Iterator[flight_sql.Connection]:
    with (
        MetadataServer("grpc://127.0.0.1:0") as server,
        flight_sql.connect(f"grpc://127.0.0.1:{server.port}", autocommit=True) as connected,
    ):
        yield connected


def test_driver_reads_the_info(connection: flight_sql.Connection) -> None:
    found = connection.adbc_get_info()
    assert found["vendor_name"] == "Lakehouse"
    assert found["vendor_version"] == "1.2.3"
    assert found["vendor_arrow_version"] == pa.__version__


def test_driver_lists_the_kinds_of_table(connection: flight_sql.Connection) -> None:
    assert connection.adbc_get_table_types() == ["BASE TABLE", "VIEW"]


def test_driver_lists_tables_with_their_columns(connection: flight_sql.Connection) -> None:
    [catalog] = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    assert catalog["catalog_name"] == "lakehouse"
    schemas = {schema["db_schema_name"]: schema["db_schema_tables"] for schema in catalog["catalog_db_schemas"]}
    assert {name: [table["table_name"] for table in tables] for name, tables in schemas.items()} == {
        "catalog": ["datasets"],
        "main": ["sales", "sales_view"],
    }
    columns = schemas["main"][0]["table_columns"]
    assert [(column["column_name"], column["xdbc_type_name"]) for column in columns] == list(TYPES.items())


@pytest.mark.parametrize(("pattern", "expected"), [("sales%", ["sales", "sales_view"]), ("%\\_view", ["sales_view"])])
def test_driver_filters_tables_by_pattern(connection: flight_sql.Connection, pattern: str, expected: list[str]) -> None:
    found = connection.adbc_get_objects(depth="tables", db_schema_filter="main", table_name_filter=pattern).read_all()
    [catalog] = found.to_pylist()
    [schema] = catalog["catalog_db_schemas"]
    assert [table["table_name"] for table in schema["db_schema_tables"]] == expected


def test_driver_reads_the_schema_of_one_table(connection: flight_sql.Connection) -> None:
    assert connection.adbc_get_table_schema("sales", db_schema_filter="main") == COLUMNS
    with pytest.raises(adbc_driver_manager.Error):
        connection.adbc_get_table_schema("missing", db_schema_filter="main")
