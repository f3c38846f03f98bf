"""Statements as text: what runs when, how often, and what comes back."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

TYPES = {
    "BOOLEAN": "true",
    "TINYINT": "-7",
    "UTINYINT": "7",
    "SMALLINT": "-300",
    "USMALLINT": "300",
    "INTEGER": "-70000",
    "UINTEGER": "70000",
    "BIGINT": "-5000000000",
    "UBIGINT": "5000000000",
    "HUGEINT": "170141183460469231731687303715884105727",
    "UHUGEINT": "170141183460469231731687303715884105727",
    "FLOAT": "1.5",
    "DOUBLE": "2.5",
    "DECIMAL(4,1)": "123.4",
    "DECIMAL(9,2)": "1.25",
    "DECIMAL(18,3)": "1.125",
    "DECIMAL(38,10)": "1.5",
    "VARCHAR": "'text'",
    "BLOB": r"'\xAB\x00'",
    "BIT": "'10101'",
    "UUID": "'0123456789abcdef0123456789abcdef'",
    "JSON": """'{"a": [1, null]}'""",
    "DATE": "'2024-02-29'",
    "TIME": "'12:34:56.789'",
    "TIMETZ": "'12:34:56+02'",
    "TIMESTAMP": "'2024-02-29 12:34:56.789'",
    "TIMESTAMP_S": "'2024-02-29 12:34:56'",
    "TIMESTAMP_MS": "'2024-02-29 12:34:56.789'",
    "TIMESTAMP_NS": "'2024-02-29 12:34:56.123456789'",
    "TIMESTAMPTZ": "'2024-02-29 12:34:56+02'",
    "INTERVAL": "'1 month 2 days 3 seconds'",
    "ENUM('a', 'b')": "'b'",
    "INTEGER[]": "[1, NULL, 3]",
    "VARCHAR[][]": "[['a'], [], NULL]",
    "FLOAT[3]": "[1, 2, 3]",
    "STRUCT(a INTEGER, b VARCHAR[])": "{'a': 1, 'b': ['x']}",
    "MAP(VARCHAR, INTEGER)": "MAP {'a': 1}",
    "UNION(n INTEGER, t VARCHAR)": "union_value(n := 1)",
    "BIGNUM": "'123456789012345678901234567890123456789012345'",
}


@pytest.mark.parametrize("type_name", TYPES)
def test_the_schema_promised_is_the_schema_sent_for_every_type(bare: Bare, type_name: str) -> None:
    value = f"({TYPES[type_name]})::{type_name}"
    info = bare.info(sql.CommandStatementQuery(query=f"SELECT {value} AS v UNION ALL SELECT NULL"))
    table = bare.get(info.endpoints[0].ticket)
    assert info.schema.equals(table.schema, check_metadata=True)
    assert table.num_rows == 2
    assert table["v"].to_pylist()[1] is None


def test_the_schema_alone_is_the_schema_of_the_result(bare: Bare) -> None:
    command = sql.CommandStatementQuery(query="SELECT 1 AS a, [1.5] AS b, 'x' AS c WHERE false")
    assert bare.schema(command).equals(bare.info(command).schema, check_metadata=True)


def test_a_null_without_a_type_arrives(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT NULL AS n, [] AS e").to_pylist() == [{"n": None, "e": []}]


def test_columns_of_the_same_name_all_arrive(connection: dbapi.Connection) -> None:
    table = query(connection, 'SELECT 1 AS a, 2 AS a, 3 AS "A", 4 AS " "')
    assert [column[0].as_py() for column in table.columns] == [1, 2, 3, 4]
    assert table.column_names[:2] == ["a", "a"]


def test_an_empty_result_keeps_its_columns(connection: dbapi.Connection) -> None:
    table = query(connection, "SELECT 1::SMALLINT AS a, 'x' AS b WHERE false")
    assert table.num_rows == 0
    assert table.schema.field("a").type == pa.int16()


@pytest.mark.parametrize("text", ["FROM range(3)", "VALUES (0), (1), (2)", "WITH r AS (FROM range(3)) FROM r"])
def test_queries_need_not_begin_with_select(connection: dbapi.Connection, text: str) -> None:
    assert query(connection, text).num_rows == 3


@pytest.mark.parametrize("text", ["SELECT 1 -- a remark", "/* a remark */ SELECT 1;", "\n\tSELECT\r\n1 ;;"])
def test_remarks_and_semicolons_around_a_statement_do_no_harm(connection: dbapi.Connection, text: str) -> None:
    assert query(connection, text).num_rows == 1


def test_ddl_and_dml_run_without_a_fetch_and_exactly_once(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE door_once (a INTEGER)")
        cursor.execute("INSERT INTO door_once VALUES (1), (2)")
        cursor.execute("UPDATE door_once SET a = a + 1")
        cursor.execute("DELETE FROM door_once WHERE a = 3")
    assert query(connection, "FROM door_once").to_pylist() == [{"a": 2}]


def test_dml_that_is_fetched_has_run_once_and_tells_its_count(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_counted (a INTEGER)")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO door_counted SELECT * FROM range(5)")
        assert cursor.fetchall() == [(5,)]
    assert query(connection, "SELECT count(*) AS n FROM door_counted").to_pylist() == [{"n": 5}]


def test_an_update_command_tells_how_many_rows_it_changed(bare: Bare) -> None:
    assert bare.update("CREATE OR REPLACE TABLE door_updated AS SELECT * FROM range(7) t(a)") in (7, -1)
    assert bare.update("UPDATE door_updated SET a = -1 WHERE a < 3") == 3
    assert bare.update("DELETE FROM door_updated WHERE a > 100") == 0
    assert bare.update("DROP TABLE door_updated") == 0


def test_the_schema_of_dml_is_asked_for_without_running_it(bare: Bare) -> None:
    bare.update("CREATE OR REPLACE TABLE door_asked (a INTEGER)")
    bare.schema(sql.CommandStatementQuery(query="INSERT INTO door_asked VALUES (1)"))
    assert bare.query("SELECT count(*) AS n FROM door_asked").to_pylist() == [{"n": 0}]


def test_returning_gives_the_rows_of_one_run(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TEMP TABLE returned (a INTEGER, b VARCHAR DEFAULT 'x')")
    rows = query(connection, "INSERT INTO returned (a) VALUES (1), (2) RETURNING a, b").to_pylist()
    assert rows == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]
    assert query(connection, "DELETE FROM returned RETURNING a").num_rows == 2
    assert query(connection, "FROM returned").num_rows == 0


def test_returning_from_the_lake_is_refused_by_ducklake_and_changes_nothing(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE not_returned (a INTEGER)")
    error = refusal(lambda: query(connection, "INSERT INTO not_returned VALUES (1) RETURNING a"))
    assert error.code == "sql_error"
    assert query(connection, "FROM not_returned").num_rows == 0


def test_an_operation_called_without_a_fetch_has_run(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE called (a INTEGER)")
    with connection.cursor() as cursor:
        cursor.execute("CALL set_metadata(dataset := 'called', owner := 'ann')")
    rows = query(connection, "SELECT owner FROM catalog.datasets WHERE dataset = 'called'").to_pylist()
    assert rows == [{"owner": "ann"}]
    counted = query(connection, "SELECT count(*) AS n FROM catalog.dataset_metadata_events WHERE dataset = 'called'")
    assert counted.to_pylist() == [{"n": 1}]


def test_an_update_command_calls_an_operation_once(bare: Bare) -> None:
    bare.update("CREATE OR REPLACE TABLE called_by_update (a INTEGER)")
    assert bare.update("CALL set_metadata(dataset := 'called_by_update', owner := 'ann')") == 1
    counted = bare.query("SELECT * FROM catalog.dataset_metadata_events WHERE dataset = 'called_by_update'")
    assert counted.num_rows == 1


def test_a_query_runs_when_it_is_fetched_and_leaves_nothing_when_it_is_not(bare: Bare) -> None:
    ticket = bare.info(sql.CommandStatementQuery(query="SELECT * FROM range(3)")).endpoints[0].ticket
    assert bare.get(ticket).num_rows == 3
    assert bare.get(ticket).num_rows == 3


def test_the_result_of_what_ran_at_once_is_fetched_once(bare: Bare) -> None:
    bare.update("CREATE OR REPLACE TABLE door_held (a INTEGER)")
    ticket = bare.info(sql.CommandStatementQuery(query="INSERT INTO door_held VALUES (1)")).endpoints[0].ticket
    assert bare.get(ticket).to_pylist() == [{"Count": 1}]
    assert refusal(lambda: bare.get(ticket)).code == "not_found"
    assert bare.query("FROM door_held").num_rows == 1


def test_a_large_result_streams_whole_in_batches_below_the_default_message_size(bare: Bare) -> None:
    rows = 2_000_000
    text = f"SELECT i, i::VARCHAR || repeat('x', i % 20) AS t FROM range({rows}) s(i)"
    ticket = bare.info(sql.CommandStatementQuery(query=text)).endpoints[0].ticket
    counted = total = 0
    for chunk in bare.client.do_get(ticket, bare.options):
        assert chunk.data.nbytes < 16 << 20
        counted += chunk.data.num_rows
        total += pa.compute.sum(chunk.data["i"]).as_py()
    assert (counted, total) == (rows, rows * (rows - 1) // 2)


def test_rows_larger_than_a_batch_arrive(connection: dbapi.Connection) -> None:
    table = query(connection, "SELECT repeat('x', 5_000_000) AS t FROM range(3)")
    assert [len(str(value)) for value in table["t"].to_pylist()] == [5_000_000] * 3


def test_two_readers_of_one_connection_are_open_at_the_same_time(connection: dbapi.Connection) -> None:
    with connection.cursor() as one, connection.cursor() as two:
        one.execute("SELECT * FROM range(400_000)")
        two.execute("SELECT -range AS range FROM range(400_000)")
        first, second = one.fetch_record_batch(), two.fetch_record_batch()
        seen = [0, 0]
        for a, b in zip(first, second, strict=False):
            seen = [seen[0] + a.num_rows, seen[1] + b.num_rows]
        seen = [seen[0] + sum(b.num_rows for b in first), seen[1] + sum(b.num_rows for b in second)]
    assert seen == [400_000, 400_000]


def test_settings_of_the_session_do_not_cut_an_open_result_short(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM range(3_000_000)")
        reader = cursor.fetch_record_batch()
        rows = reader.read_next_batch().num_rows
        query(connection, "SET TimeZone = 'Europe/Berlin'")
        query(connection, "USE lakehouse.main")
        assert rows + sum(batch.num_rows for batch in reader) == 3_000_000


def test_a_result_left_unread_does_not_hold_up_its_connection(connection: dbapi.Connection) -> None:
    for _ in range(20):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM range(10_000_000)")
            cursor.fetchone()
    assert query(connection, "SELECT 1 AS one").num_rows == 1


def test_statements_of_one_connection_run_side_by_side(connection: dbapi.Connection) -> None:
    def run(number: int) -> int:
        return int(query(connection, f"SELECT sum(i) + {number} AS s FROM range(20_000) t(i)")["s"][0].as_py())

    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(run, range(40)))
    assert sums == [199_990_000 + number for number in range(40)]


def test_eight_connections_write_and_read_side_by_side(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE shared (writer INTEGER, n INTEGER)")

    def run(writer: int) -> None:
        with server.connect() as own:
            for n in range(3):
                query(own, f"INSERT INTO shared VALUES ({writer}, {n})")
                seen = query(own, f"SELECT count(*) AS n FROM shared WHERE writer = {writer}")
                assert seen.to_pylist() == [{"n": n + 1}]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert query(connection, "SELECT count(*) AS n FROM shared").to_pylist() == [{"n": 24}]


def test_updates_of_one_table_from_several_connections_all_count(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE door_counter AS SELECT 0 AS n")

    def run(_: int) -> None:
        with server.connect() as own:
            for _ in range(3):
                query(own, "UPDATE door_counter SET n = n + 1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert query(connection, "FROM door_counter").to_pylist() == [{"n": 12}]


def test_temporary_tables_are_seen_by_their_connection_alone(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TEMP TABLE mine AS SELECT 42 AS a")
    with connection.cursor() as open_result:
        open_result.execute("SELECT * FROM mine, range(300_000)")
        assert query(connection, "SELECT a FROM mine").to_pylist() == [{"a": 42}]
    with server.connect() as other:
        assert "mine" in refusal(lambda: query(other, "SELECT a FROM mine")).message


def test_an_error_while_rows_flow_reaches_the_client(connection: dbapi.Connection) -> None:
    text = "SELECT CASE WHEN i < 900_000 THEN i ELSE error('broken at the end') END AS v FROM range(1_000_000) t(i)"
    assert "broken at the end" in refusal(lambda: query(connection, text)).message
    assert query(connection, "SELECT 1 AS one").num_rows == 1
