"""How large a message and a result may be. The clients here keep their own limit of 16 MiB a message."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server, query

MESSAGE = 16 << 20


@pytest.fixture(scope="module")
def plain(server: Server) -> Iterator[dbapi.Connection]:
    """An ADBC connection with the driver's own defaults."""
    options = {"username": "admin", "password": PASSWORD}
    with flightsql.connect(server.uri, db_kwargs=options, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        "SELECT repeat('x', 9_000_000) AS wide FROM range(4)",
        "SELECT repeat('x', 100_000) AS wide FROM range(500)",
        "SELECT [repeat('x', 1_000_000), repeat('y', 1_000_000)] AS wide FROM range(20)",
        "SELECT {'a': repeat('x', 3_000_000)::BLOB, 'b': 1} AS wide FROM range(10)",
        "SELECT range(200_000) AS wide FROM range(40)",
        "SELECT * FROM range(4_000_000) t(i)",
        f"SELECT {', '.join(f'i + {n} AS c{n}' for n in range(3000))} FROM range(3000) t(i)",
        "PIVOT (SELECT i, 'k' AS k, repeat('x', 50_000) AS v FROM range(600) t(i)) ON k USING first(v) GROUP BY i",
    ],
)
def test_a_client_with_default_limits_reads_it(plain: dbapi.Connection, text: str) -> None:
    assert query(plain, text).num_rows > 0


def test_no_message_passes_the_bound(server: Server) -> None:
    with Bare(server) as client:
        info = client.info(sql.CommandStatementQuery(query="SELECT repeat('x', 5_000_000) AS wide FROM range(9)"))
        chunks = [chunk.data for chunk in client.client.do_get(info.endpoints[0].ticket, client.options)]
    assert sum(chunk.num_rows for chunk in chunks) == 9
    assert max(pa.ipc.get_record_batch_size(chunk) for chunk in chunks) < MESSAGE


@pytest.mark.parametrize(
    "text",
    [
        "SELECT repeat('x', 20_000_000) AS wide",
        "SELECT i, repeat('x', if(i = 70_000, 20_000_000, 1)) AS wide FROM range(80_000) t(i)",
        "SELECT range(4_000_000) AS wide",
    ],
)
def test_a_row_that_fits_no_message_is_refused_by_the_name_of_the_bound(plain: dbapi.Connection, text: str) -> None:
    error = refusal(lambda: query(plain, text))
    assert error.code == "limit_exceeded"
    assert "message_bytes_max" in error.message


def test_a_returned_row_that_fits_no_message_is_refused(plain: dbapi.Connection) -> None:
    query(plain, "CREATE OR REPLACE TEMP TABLE too_wide AS SELECT 1 AS i, repeat('x', 20_000_000) AS wide")
    error = refusal(lambda: query(plain, "DELETE FROM too_wide RETURNING wide"))
    assert "message_bytes_max" in error.message


def test_a_principal_is_limited_in_rows_and_bytes(server: Server) -> None:
    with server.operations() as operations, server.connect() as connection:
        try:
            operations.call("set_limits", principal="admin", result_rows_max=1000, result_bytes_max=100_000)
            assert query(connection, "SELECT * FROM range(1000)").num_rows == 1000
            error = refusal(lambda: query(connection, "SELECT * FROM range(1001)"))
            assert (error.code, "result_rows_max" in error.message) == ("limit_exceeded", True)
            error = refusal(lambda: query(connection, "SELECT repeat('x', 2000) FROM range(100)"))
            assert (error.code, "result_bytes_max" in error.message) == ("limit_exceeded", True)
            error = refusal(
                lambda: query(
                    connection, "PIVOT (SELECT i, 'k' AS k FROM range(1001) t(i)) ON k USING count(*) GROUP BY i"
                )
            )
            assert "result_rows_max" in error.message
            (row,) = query(connection, "SELECT * FROM catalog.principal_limits").to_pylist()
            assert (row["principal"], row["result_rows_max"]) == ("admin", 1000)
        finally:
            operations.call("set_limits", principal="admin")
        assert query(connection, "SELECT * FROM range(5000)").num_rows == 5000
        assert refusal(lambda: operations.call("set_limits", principal="nobody")).code == "not_found"


def test_limits_outlive_a_restart(data: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("limited") / "data"
    with Server(folder) as server, server.operations() as operations:
        operations.call("set_limits", principal="admin", result_rows_max=10)
    with Server(folder) as server, server.connect() as connection:
        assert "result_rows_max" in refusal(lambda: query(connection, "SELECT * FROM range(11)")).message


def test_a_session_is_bounded_in_statements(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--statements-per-session-max", "2"]
    with Server(tmp_path_factory.mktemp("two") / "data", *flags) as server, Bare(server) as client:
        info = client.info(sql.CommandStatementQuery(query="SELECT i FROM range(100_000_000_000) t(i)"))
        open_results = [client.client.do_get(info.endpoints[0].ticket, client.options) for _ in range(2)]
        for reader in open_results:
            reader.read_chunk()
        error = refusal(lambda: client.query("SELECT 1 AS one"))
        assert (error.code, "statements_per_session_max" in error.message) == ("limit_exceeded", True)
        with Bare(server) as other:
            assert other.query("SELECT 1 AS one").num_rows == 1
        open_results[0].cancel()


def test_results_that_wait_are_bounded_in_all_sessions_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = ["--held-bytes-max", str(3 << 20), "--result-held-bytes-max", str(2 << 20)]
    text = "PIVOT (SELECT i, 'k' AS k, repeat('x', 1000) AS v FROM range(1900) t(i)) ON k USING first(v) GROUP BY i"
    with (
        Server(tmp_path_factory.mktemp("held") / "data", *flags) as server,
        Bare(server) as first,
        Bare(server) as last,
    ):
        held = first.info(sql.CommandStatementQuery(query=text))
        error = refusal(lambda: last.info(sql.CommandStatementQuery(query=text)))
        assert (error.code, "held_bytes_max" in error.message) == ("limit_exceeded", True)
        assert first.get(held.endpoints[0].ticket).num_rows == 1900
        assert last.query(text).num_rows == 1900
