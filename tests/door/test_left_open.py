"""Nothing that a client leaves behind keeps a transaction of DuckDB's open: it would hold all that others overwrite."""

import time
from collections.abc import Callable

import pytest

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server

HELD = "SELECT memory_usage_bytes AS n FROM duckdb_memory() WHERE tag = 'TRANSACTION'"
COMMITS = 40
GROWN_MAX = 2 << 20  # bytes; a commit that can't be forgotten holds 256 KiB
ENDLESS = "SELECT i, hash(i) AS h FROM range(1000000000) t(i)"
NOTICED_S = 10.0


def abandon(bare: Bare) -> None:
    for _ in range(3):
        ticket = bare.info(sql.CommandStatementQuery(query=ENDLESS)).endpoints[0].ticket
        bare.client.do_get(ticket, bare.options).read_chunk()


def cancel(bare: Bare) -> None:
    ticket = bare.info(sql.CommandStatementQuery(query=ENDLESS)).endpoints[0].ticket
    reader = bare.client.do_get(ticket, bare.options)
    reader.read_chunk()
    reader.cancel()


def prepare(bare: Bare) -> None:
    bare.act("CreatePreparedStatement", pack(sql.ActionCreatePreparedStatementRequest(query="SELECT * FROM left_open")))


def describe(bare: Bare) -> None:
    bare.schema(sql.CommandStatementQuery(query="SELECT a + 1 AS b FROM left_open"))


def fail(bare: Bare) -> None:
    assert refusal(lambda: bare.query("SELECT error('as asked') FROM left_open")).code == "sql_error"


def read(bare: Bare) -> None:
    bare.query("FROM left_open")


@pytest.mark.parametrize("leave", [abandon, cancel, prepare, describe, fail, read])
def test_no_transaction_stays_open_behind(server: Server, leave: Callable[[Bare], None]) -> None:
    with Bare(server) as writer, Bare(server) as leaving:
        writer.update("CREATE OR REPLACE TABLE left_open AS SELECT 1 AS a")
        leave(leaving)
        deadline = time.monotonic() + NOTICED_S
        while (
            grown := _growth(server, writer)
        ) > GROWN_MAX:  # the server may hear a moment later that a client is gone
            assert time.monotonic() < deadline, f"{grown} bytes are held"
        writer.update("DROP TABLE left_open")


def _growth(server: Server, writer: Bare) -> int:
    """Bytes that transactions hold more than before, after many commits."""
    before = server.rows(HELD)[0]["n"]
    for number in range(COMMITS):
        writer.update(f"INSERT INTO left_open VALUES ({number})")
    return int(server.rows(HELD)[0]["n"] - before)
