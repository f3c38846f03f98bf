"""Transactions of a client: autocommit off, commit, rollback, isolation, conflicts."""

import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, manual, query


@pytest.fixture
def table(connection: dbapi.Connection, request: pytest.FixtureRequest) -> str:
    """A table of the test's own with one row, n = 0."""
    name = f"t_{request.node.name[-40:]}"
    query(connection, f"CREATE OR REPLACE TABLE {name} AS SELECT 0 AS n")
    return name


def numbers(connection: dbapi.Connection, table: str) -> list[int]:
    return [row["n"] for row in query(connection, f"SELECT n FROM {table} ORDER BY n").to_pylist()]


def test_a_rollback_leaves_nothing(server: Server, connection: dbapi.Connection, table: str) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {table} VALUES (1)")
        query(own, f"UPDATE {table} SET n = 7 WHERE n = 0")
        query(own, f"CREATE TABLE {table}_more (a INTEGER)")
        assert numbers(own, table) == [1, 7]
        own.rollback()
        assert numbers(own, table) == [0]
    assert "does not exist" in refusal(lambda: query(connection, f"FROM {table}_more")).message


def test_a_commit_is_seen_whole_and_only_then(server: Server, connection: dbapi.Connection, table: str) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {table} VALUES (1)")
        query(own, f"INSERT INTO {table} VALUES (2)")
        assert numbers(connection, table) == [0]
        own.commit()
        assert numbers(connection, table) == [0, 1, 2]


def test_a_commit_carries_its_author(server: Server, connection: dbapi.Connection, table: str) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {table} VALUES (1)")
        own.commit()
    text = "SELECT author FROM catalog.snapshots WHERE author <> 'lakehouse' ORDER BY snapshot_id DESC LIMIT 1"
    assert query(connection, text).to_pylist() == [{"author": "admin"}]


def test_a_transaction_reads_what_was_there_when_it_began(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    with manual(server) as own:
        assert numbers(own, table) == [0]
        query(connection, f"INSERT INTO {table} VALUES (1)")
        assert numbers(own, table) == [0]
        own.commit()
        assert numbers(own, table) == [0, 1]


def test_a_result_left_open_is_whole_after_the_next_statement(server: Server, table: str) -> None:
    with manual(server) as own, own.cursor() as cursor:
        cursor.execute("SELECT * FROM range(1_000_000)")
        reader = cursor.fetch_record_batch()
        rows = reader.read_next_batch().num_rows
        query(own, f"INSERT INTO {table} VALUES (1)")
        assert numbers(own, table) == [0, 1]
        assert rows + sum(batch.num_rows for batch in reader) == 1_000_000


def test_a_conflict_is_an_error_that_says_to_run_the_transaction_again(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    with manual(server) as own:
        query(own, f"UPDATE {table} SET n = 1")
        query(connection, f"UPDATE {table} SET n = 2")
        error = refusal(own.commit)
        assert error.code == "conflict"
        assert "again" in error.message
    # After a commit that failed, ADBC's driver holds no transaction and can't begin one: it takes a new connection.
    with manual(server) as own:
        query(own, f"UPDATE {table} SET n = 3")
        own.commit()
    assert numbers(connection, table) == [3]


def test_an_error_in_a_transaction_does_not_commit_what_was_before_it(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {table} VALUES (1)")
        refusal(lambda: query(own, f"INSERT INTO {table} VALUES ('x')"))
        own.rollback()
    assert numbers(connection, table) == [0]


def test_a_connection_dropped_in_a_transaction_leaves_nothing(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    own = manual(server)
    query(own, f"INSERT INTO {table} VALUES (1)")
    own.close()
    assert numbers(connection, table) == [0]
    query(connection, f"UPDATE {table} SET n = 5")
    assert numbers(connection, table) == [5]


def test_turning_autocommit_on_commits(server: Server, connection: dbapi.Connection, table: str) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {table} VALUES (1)")
        own.adbc_connection.set_autocommit(True)
        assert numbers(connection, table) == [0, 1]


def test_an_operation_in_a_transaction_commits_on_its_own(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    with manual(server) as own:
        query(own, f"CALL set_metadata(dataset := '{table}', owner := 'ann')")
        own.rollback()
    rows = query(connection, f"SELECT owner FROM catalog.datasets WHERE dataset = '{table}'").to_pylist()
    assert rows == [{"owner": "ann"}]


def test_a_prepared_statement_of_a_transaction_runs_in_it(
    server: Server, connection: dbapi.Connection, table: str
) -> None:
    with manual(server) as own, own.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES (?)", [(1,), (2,)])
        assert numbers(own, table) == [0, 1, 2]
        own.rollback()
    assert numbers(connection, table) == [0]


def test_a_transaction_that_has_ended_is_not_found(bare: Bare) -> None:
    begun = _begin(bare)
    _end(bare, begun, sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK)
    commit = sql.ActionEndTransactionRequest.END_TRANSACTION_COMMIT
    assert refusal(lambda: _end(bare, begun, commit)).code == "not_found"
    command = sql.CommandStatementQuery(query="SELECT 1", transaction_id=begun)
    assert refusal(lambda: bare.info(command)).code == "not_found"


def test_an_end_that_says_neither_commit_nor_rollback_is_refused(bare: Bare) -> None:
    begun = _begin(bare)
    unspecified = sql.ActionEndTransactionRequest.END_TRANSACTION_UNSPECIFIED
    assert refusal(lambda: _end(bare, begun, unspecified)).code == "invalid_argument"
    _end(bare, begun, sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK)


def test_a_transaction_of_another_session_is_not_found(bare: Bare, server: Server) -> None:
    begun = _begin(bare)
    with Bare(server) as other:
        command = sql.CommandStatementQuery(query="SELECT 1", transaction_id=begun)
        assert refusal(lambda: other.info(command)).code == "not_found"
    _end(bare, begun, sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK)


def _begin(bare: Bare) -> bytes:
    (body,) = bare.act("BeginTransaction", pack(sql.ActionBeginTransactionRequest()))
    result = sql.ActionBeginTransactionResult()
    assert bare.unpacked(body).Unpack(result)
    return result.transaction_id


def _end(bare: Bare, transaction_id: bytes, action: sql.ActionEndTransactionRequest.EndTransaction.ValueType) -> None:
    bare.act("EndTransaction", pack(sql.ActionEndTransactionRequest(transaction_id=transaction_id, action=action)))
