"""Alive and ready are told apart, while the server stops and while its lake is away."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare
from tests.harness import PASSWORD, Server
from tests.lake.postgres import Postgres
from tests.observability.watching import ask, scrape


def test_the_port_answers_until_the_server_has_stopped_but_is_not_ready(data: Path) -> None:
    with Server(data, "--metrics-port", "0") as server, Bare(server) as bare:
        query = sql.CommandStatementQuery(query="SELECT * FROM range(100_000_000)")
        reader = bare.client.do_get(bare.info(query).endpoints[0].ticket, bare.options)
        reader.read_chunk()  # a client that does not read on keeps the server stopping for a while
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 30
        while (ready := ask(server, "/readyz")).status == 200:
            assert time.monotonic() < deadline
        assert ready[::2] == (503, "stopping\n")
        assert ask(server, "/healthz").status == 200
        assert scrape(server)["lakehouse_sessions"] >= 0
        reader.cancel()
        assert server.stop(0) == 0


@pytest.mark.postgres
@pytest.mark.parametrize("outage", ["gone", "hanging"])
def test_a_lake_that_does_not_answer_makes_the_server_unready_but_alive(
    data: Path, postgres: Postgres, on_postgres: Mapping[str, str], outage: str
) -> None:
    with Server(data, "--metrics-port", "0", environment=on_postgres) as server:
        assert ask(server, "/readyz").status == 200
        with _without(postgres, outage):
            deadline = time.monotonic() + 30
            while (ready := ask(server, "/readyz")).status == 200:  # the last answer counts for a second
                assert time.monotonic() < deadline
            assert ready[::2] == (503, "the lake does not answer\n")
            assert ask(server, "/healthz").status == 200
            now = scrape(server)
            assert now["lakehouse_lake_up"] == 0
            assert now["lakehouse_lake_snapshot"] > 0  # the last that was known
        deadline = time.monotonic() + 30
        while ask(server, "/readyz").status != 200:
            assert time.monotonic() < deadline
        assert scrape(server)["lakehouse_lake_up"] == 1
    log = server.log.read_text()
    assert "Traceback" not in log
    assert PASSWORD not in log


def test_probe_tells_by_its_status_whether_a_server_answers(watched: Server) -> None:
    def probe(port: int) -> int:
        command = [sys.executable, "-m", "server", "probe", "--port", str(port)]
        return subprocess.run(command, timeout=60, check=False).returncode

    assert probe(watched.port) == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert probe(port) == 1


def test_the_port_of_flight_has_no_grpc_health_service(watched: Server) -> None:
    grpc = pytest.importorskip("grpc")
    with grpc.insecure_channel(f"127.0.0.1:{watched.port}") as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        with pytest.raises(grpc.RpcError) as error:
            check(b"", timeout=10)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


@contextmanager
def _without(postgres: Postgres, outage: str) -> Iterator[None]:
    """gone: connections are cut and refused. hanging: they stand still, as behind a network that drops packets."""
    if outage == "gone":
        postgres.stop()
        try:
            yield
        finally:
            postgres.start()
        return
    backend = postgres.execute("SELECT pg_backend_pid()")[0][0]
    main = next(
        int(line.split()[1]) for line in Path(f"/proc/{backend}/status").read_text().splitlines() if "PPid" in line
    )
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    processes = [main, *(int(child) for child in children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):  # the first one, going on, may have ended it
                os.kill(process, signal.SIGCONT)
