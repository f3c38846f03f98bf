"""ADBC's own interface, below DB-API: what tools that are no Python DB-API clients call."""

from collections.abc import Iterator
from typing import Any

import adbc_driver_flightsql
import adbc_driver_manager
import pyarrow as pa
import pytest
from adbc_driver_flightsql import ConnectionOptions, DatabaseOptions, StatementOptions
from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement, GetObjectsDepth

from clients.python import lakehouse_error
from tests.harness import PASSWORD, Server


def opened(server: Server, **options: str) -> AdbcDatabase:
    return adbc_driver_flightsql.connect(server.uri, {"username": "admin", "password": PASSWORD, **options})


@pytest.fixture(scope="module")
def low(server: Server) -> Iterator[AdbcConnection]:
    with opened(server) as database, AdbcConnection(database) as connection:
        yield connection


def read(handle: Any) -> pa.Table:
    return pa.RecordBatchReader.from_stream(handle).read_all()


def run(connection: AdbcConnection, text: str) -> pa.Table:
    with AdbcStatement(connection) as statement:
        statement.set_sql_query(text)
        stream, _ = statement.execute_query()
        return read(stream)


def test_an_update_tells_its_rows_without_a_result(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_sql_query("CREATE OR REPLACE TABLE low_update (a INTEGER)")
        statement.execute_update()
        statement.set_sql_query("INSERT INTO low_update VALUES (1), (2), (3)")
        assert statement.execute_update() == 3


def test_the_schema_of_a_query_is_told_without_running_it(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_sql_query("SELECT 1::DECIMAL(9,2) AS d, error('it ran') AS e")
        schema = pa.Schema._import_from_c_capsule(statement.execute_schema().__arrow_c_schema__())
    assert schema.field("d").type == pa.decimal128(9, 2)


def test_the_schema_of_parameters_is_told_when_prepared(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_sql_query("SELECT ?::DATE AS d, ?::VARCHAR[] AS l")
        statement.prepare()
        schema = pa.Schema._import_from_c_capsule(statement.get_parameter_schema().__arrow_c_schema__())
    assert schema.types[0] == pa.date32()
    assert pa.types.is_list(schema.types[1])


def test_a_result_is_one_partition_that_any_statement_reads_once(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_sql_query("SELECT range AS a FROM range(5)")
        (partition,), schema, _ = statement.execute_partitions()
    assert pa.Schema._import_from_c_capsule(schema.__arrow_c_schema__()).names == ["a"]
    assert read(low.read_partition(partition))["a"].to_pylist() == [0, 1, 2, 3, 4]


def test_a_forged_partition_is_refused(low: AdbcConnection) -> None:
    with pytest.raises(adbc_driver_manager.Error):
        low.read_partition(b"\x0a\x03abc")


@pytest.mark.parametrize("depth", list(GetObjectsDepth), ids=lambda depth: depth.name)
def test_objects_are_listed_at_every_depth(low: AdbcConnection, depth: GetObjectsDepth) -> None:
    run(low, "CREATE OR REPLACE TABLE low_objects (a INTEGER NOT NULL, b VARCHAR)")
    rows = read(low.get_objects(depth, db_schema="main", table_name="low\\_objects")).to_pylist()
    (catalog,) = [row for row in rows if row["catalog_name"] == "lakehouse"]
    schemas = catalog["catalog_db_schemas"]
    if depth is GetObjectsDepth.CATALOGS:
        assert not schemas
        return
    assert [schema["db_schema_name"] for schema in schemas] == ["main"]
    tables = schemas[0]["db_schema_tables"]
    if depth is GetObjectsDepth.DB_SCHEMAS:
        assert not tables
        return
    assert [table["table_name"] for table in tables] == ["low_objects"]
    columns = [column["column_name"] for column in tables[0]["table_columns"] or []]
    assert columns == ([] if depth is GetObjectsDepth.TABLES else ["a", "b"])


def test_info_is_told_by_code(low: AdbcConnection) -> None:
    rows = read(low.get_info()).to_pylist()
    told = {row["info_name"]: row["info_value"] for row in rows}
    assert told[adbc_driver_manager.AdbcInfoCode.VENDOR_NAME] == "Lakehouse"
    assert told[adbc_driver_manager.AdbcInfoCode.DRIVER_NAME].startswith("ADBC Flight SQL Driver")


def test_statistics_are_refused_by_the_driver_as_not_implemented(low: AdbcConnection) -> None:
    for call in (low.get_statistic_names, lambda: low.get_statistics(db_schema="main", table_name="low_objects")):
        with pytest.raises(adbc_driver_manager.NotSupportedError):
            call()


def test_substrait_is_refused_clearly(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_substrait_plan(b"x")
        with pytest.raises(adbc_driver_manager.Error) as refused:
            statement.execute_query()
    assert lakehouse_error(refused.value).code == "unsupported"


ENDLESS = "SELECT count(*) AS n FROM range(1_000_000) a, range(1_000_000) b WHERE a.range + b.range = -1 /* low */"


def test_a_timeout_of_the_client_ends_the_call(low: AdbcConnection) -> None:
    with AdbcStatement(low) as statement:
        statement.set_options(**{StatementOptions.TIMEOUT_FETCH.value: 0.5})
        statement.set_sql_query(ENDLESS)
        with pytest.raises((adbc_driver_manager.Error, OSError), match=r"(?i)deadline|timeout|timed out"):
            read(statement.execute_query()[0])


def test_headers_of_the_client_do_no_harm(server: Server) -> None:
    options = {DatabaseOptions.RPC_CALL_HEADER_PREFIX.value + "x-report": "1"}
    with opened(server, **options) as database, AdbcConnection(database) as connection:
        connection.set_options(**{ConnectionOptions.RPC_CALL_HEADER_PREFIX.value + "x-page": "2"})
        assert run(connection, "SELECT 1 AS one")["one"].to_pylist() == [1]


def test_cookies_may_be_kept(server: Server) -> None:
    options = {DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}
    with opened(server, **options) as database, AdbcConnection(database) as connection:
        assert run(connection, "SELECT 1 AS one")["one"].to_pylist() == [1]


def test_connections_of_one_database_have_sessions_of_their_own(server: Server) -> None:
    with opened(server) as database, AdbcConnection(database) as first, AdbcConnection(database) as second:
        run(first, "CREATE TEMP TABLE low_mine AS SELECT 1 AS a")
        assert run(first, "FROM low_mine").num_rows == 1
        with pytest.raises(adbc_driver_manager.Error, match="low_mine"):
            run(second, "FROM low_mine")


def test_a_transaction_is_ended_by_commit_and_by_rollback(server: Server) -> None:
    with opened(server) as database, AdbcConnection(database) as own, AdbcConnection(database) as other:
        run(own, "CREATE OR REPLACE TABLE low_transaction (a INTEGER)")
        own.set_autocommit(False)
        run(own, "INSERT INTO low_transaction VALUES (1)")
        own.rollback()
        run(own, "INSERT INTO low_transaction VALUES (2)")
        assert run(other, "FROM low_transaction").num_rows == 0
        own.commit()
        assert run(other, "FROM low_transaction")["a"].to_pylist() == [2]
        own.set_autocommit(True)
        run(own, "INSERT INTO low_transaction VALUES (3)")
        assert run(other, "FROM low_transaction").num_rows == 2
