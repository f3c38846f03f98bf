"""Ten thousand connections, and clients that vanish: killed while they read, and while they send."""

import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.door.test_limits import until
from tests.harness import PASSWORD, ROOT, Server, query

CONNECTIONS = 10_000
SPARE = 500
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"

READS = """
reader = client.do_get(client.get_flight_info(query("SELECT i FROM range(100_000_000_000) t(i)"), options)
                       .endpoints[0].ticket, options)
reader.read_chunk()
print("reading", flush=True)
time.sleep(60)
"""
SENDS = """
ingest = sql.CommandStatementIngest(table="cut_off", table_definition_options=sql.CommandStatementIngest.
    TableDefinitionOptions(if_not_exist=1, if_exists=1))
rows = pa.table({"i": range(100_000)})
writer, _ = client.do_put(fl.FlightDescriptor.for_command(pack(ingest)), rows.schema, options)
for _ in range(5):
    writer.write_table(rows)
print("sending", flush=True)
time.sleep(60)
"""
CLIENT = """
import sys, time
import pyarrow as pa
import pyarrow.flight as fl
from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
client = fl.connect(sys.argv[1])
options = fl.FlightCallOptions(headers=[client.authenticate_basic_token("admin", sys.argv[2])])
query = lambda text: fl.FlightDescriptor.for_command(pack(sql.CommandStatementQuery(query=text)))
"""


@pytest.fixture
def open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CONNECTIONS + SPARE:
        pytest.skip(f"a process may open {hard} files here, the test needs {CONNECTIONS + SPARE} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CONNECTIONS + SPARE), hard))


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def vanish(server: Server, script: str) -> None:
    """Start a client, and kill it once it says that it is at work."""
    arguments = [sys.executable, "-c", CLIENT + script, server.uri, PASSWORD]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline().strip() in ("reading", "sending")
        client.send_signal(signal.SIGKILL)


def test_ten_thousand_connections_keep_nobody_out(data: Path, open_files: None) -> None:
    """Half of them say nothing, half begin HTTP/2 and go no further."""
    with Server(data) as server, server.connect() as connection:
        query(connection, "CREATE TABLE t AS SELECT 1 AS one")
        before = descriptors(server)
        sockets = []
        try:
            for number in range(CONNECTIONS):
                sockets.append(socket.create_connection(("127.0.0.1", server.port), 30))
                if number % 2:
                    sockets[-1].sendall(HTTP2)
            until(lambda: descriptors(server) >= CONNECTIONS)
            assert query(connection, "SELECT * FROM t").num_rows == 1
            with server.connect() as newcomer:
                assert query(newcomer, "INSERT INTO t VALUES (2)")["Count"].to_pylist() == [1]
        finally:
            for opened in sockets:
                opened.close()
        until(lambda: descriptors(server) < before + 50)
        assert query(connection, "SELECT * FROM t").num_rows == 2


def test_a_reader_that_is_killed_gives_its_place_back(data: Path) -> None:
    with Server(data) as server, server.operations() as operations:
        vanish(server, READS)
        until(lambda: operations.call("health")[0]["statements_running"] == 0)


def test_a_sender_that_is_killed_loads_nothing(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        vanish(server, SENDS)
        ended = "SELECT status FROM catalog.query_log WHERE kind = 'ingest'"
        until(lambda: query(connection, ended).num_rows == 1)
        assert query(connection, ended)["status"][0].as_py() != "ok"
        with pytest.raises(dbapi.Error):
            query(connection, "SELECT * FROM cut_off")


def test_a_sender_that_falls_silent_keeps_nobody_waiting(data: Path) -> None:
    """Its statement ends at the time limit, another session writes to the table, and the server stops when asked."""
    with Server(data, "--statement-s-max", "3") as server, server.connect() as connection:
        query(connection, "CREATE TABLE silent (i INTEGER)")
        arguments = [sys.executable, "-c", CLIENT + SENDS.replace("cut_off", "silent"), server.uri, PASSWORD]
        arguments[2] = arguments[2].replace("if_not_exist=1, if_exists=1", "if_not_exist=2, if_exists=2")
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline().strip() == "sending"
            ended = "SELECT status, error_code FROM catalog.query_log WHERE kind = 'ingest'"
            until(lambda: query(connection, ended).num_rows == 1)
            assert query(connection, ended).to_pylist() == [{"status": "failed", "error_code": "statement_timeout"}]
            query(connection, "INSERT INTO silent VALUES (1)")
            query(connection, "UPDATE silent SET i = 2")
            assert query(connection, "SELECT i FROM silent")["i"].to_pylist() == [2]
            connection.close()
            assert server.stop() == 0
            client.kill()
