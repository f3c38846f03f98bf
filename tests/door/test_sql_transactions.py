"""BEGIN, COMMIT and ROLLBACK as statements: for clients that know no other way to a transaction, as JDBC's driver."""

from collections.abc import Iterator

import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server, query


@pytest.fixture
def table(connection: dbapi.Connection) -> Iterator[str]:
    query(connection, "CREATE OR REPLACE TABLE begun (i INTEGER)")
    yield "begun"
    query(connection, "DROP TABLE begun")


@pytest.fixture
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        yield client


def count(connection: dbapi.Connection, table: str) -> int:
    return int(query(connection, f"SELECT count(*) AS n FROM {table}")["n"][0].as_py())


@pytest.mark.parametrize("begin", ["BEGIN", "begin transaction", "START TRANSACTION", "BEGIN WORK;"])
@pytest.mark.parametrize(("end", "rows"), [("COMMIT", 2), ("END", 2), ("ROLLBACK", 0), ("abort", 0)])
def test_statements_between_are_one_transaction(
    connection: dbapi.Connection, bare: Bare, table: str, begin: str, end: str, rows: int
) -> None:
    bare.update(begin)
    bare.update(f"INSERT INTO {table} VALUES (1)")
    bare.update(f"INSERT INTO {table} VALUES (2)")
    assert bare.query(f"SELECT count(*) AS n FROM {table}")["n"].to_pylist() == [2]
    assert count(connection, table) == 0
    bare.query(end)
    assert count(connection, table) == rows


def test_the_commit_is_one_and_carries_its_author(connection: dbapi.Connection, bare: Bare, table: str) -> None:
    def snapshots() -> list[dict[str, object]]:
        return query(connection, "SELECT * FROM catalog.snapshots ORDER BY snapshot_id").to_pylist()

    before = len(snapshots())
    bare.update("BEGIN")
    for i in range(3):
        bare.update(f"INSERT INTO {table} VALUES ({i})")
    bare.update("COMMIT")
    after = snapshots()
    mine = [row for row in after[before:] if row["commit_message"] == "transaction"]
    assert [row["author"] for row in mine] == ["admin"]


def test_prepared_statements_run_in_it(server: Server, connection: dbapi.Connection, table: str) -> None:
    with server.connect() as own:
        query(own, "BEGIN")
        with own.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES (?)", [(1,), (2,), (3,)])
        assert count(own, table) == 3
        assert count(connection, table) == 0
        query(own, "ROLLBACK")
        assert count(own, table) == 0


def test_a_session_that_ends_rolls_back(server: Server, connection: dbapi.Connection, table: str) -> None:
    with Bare(server) as client:
        client.update("BEGIN")
        client.update(f"INSERT INTO {table} VALUES (1)")
    assert count(connection, table) == 0


@pytest.mark.parametrize(("first", "text"), [("", "COMMIT"), ("", "ROLLBACK"), ("BEGIN", "BEGIN")])
def test_an_end_without_a_beginning_and_a_second_beginning_are_refused(bare: Bare, first: str, text: str) -> None:
    if first:
        bare.update(first)
    assert refusal(lambda: bare.update(text)).code == "invalid_argument"


def test_a_transaction_of_flight_sql_is_not_ended_in_sql(bare: Bare) -> None:
    begun = sql.ActionBeginTransactionResult()
    assert bare.unpacked(bare.act("BeginTransaction", _begin())[0]).Unpack(begun)
    update = sql.CommandStatementUpdate(query="COMMIT", transaction_id=begun.transaction_id)
    assert refusal(lambda: bare.put(update)).code == "invalid_argument"


def test_a_client_that_sends_credentials_with_each_call_has_no_transaction(server: Server) -> None:
    import base64

    basic = base64.b64encode(f"admin:{PASSWORD}".encode())
    with Bare(server, (b"authorization", b"Basic " + basic)) as client:
        assert refusal(lambda: client.update("BEGIN")).code == "invalid_argument"


def test_a_commit_of_what_has_failed_rolls_back_and_the_session_goes_on(bare: Bare, table: str) -> None:
    bare.update("BEGIN")
    bare.update(f"INSERT INTO {table} VALUES (1)")
    assert refusal(lambda: bare.update(f"INSERT INTO {table} SELECT error('no')::INTEGER")).code == "sql_error"
    assert refusal(lambda: bare.update("COMMIT")).code == "invalid_argument"
    assert bare.query(f"SELECT * FROM {table}").num_rows == 0
    bare.update("BEGIN")
    bare.update(f"INSERT INTO {table} VALUES (2)")
    bare.update("COMMIT")
    assert bare.query(f"SELECT i FROM {table}")["i"].to_pylist() == [2]


def test_open_transactions_are_bounded(bare: Bare) -> None:
    for _ in range(16):
        bare.act("BeginTransaction", _begin())
    error = refusal(lambda: bare.act("BeginTransaction", _begin()))
    assert (error.code, "transactions_per_session_max" in error.message) == ("limit_exceeded", True)


def test_read_only_transactions_are_refused(bare: Bare) -> None:
    assert refusal(lambda: bare.update("BEGIN TRANSACTION READ ONLY")).code == "unsupported"


def _begin() -> bytes:
    from flight.commands import pack

    return pack(sql.ActionBeginTransactionRequest())
