"""The HTTP side: metrics and health on a port of their own, held up by nobody."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from flight.gen import flight_sql_pb2 as sql
from server.observability.endpoint import CALL_S_MAX, CONNECTIONS_MAX
from tests.door.bare import Bare
from tests.harness import PASSWORD, Server
from tests.lake.postgres import Postgres
from tests.observability.watching import ask, place, scrape
from tests.startup.refusal import refusal

PATHS = ("/metrics", "/healthz", "/readyz")


def test_a_server_that_is_well_is_alive_and_ready(watched: Server) -> None:
    assert ask(watched, "/healthz")[::2] == (200, "alive\n")
    assert ask(watched, "/readyz")[::2] == (200, "ready\n")
    assert ask(watched, "/readyz?verbose=1").status == 200


@pytest.mark.parametrize("path", PATHS)
def test_head_answers_as_get_does_without_the_body(watched: Server, path: str) -> None:
    got, head = ask(watched, path), ask(watched, path, "HEAD")
    assert head.status == 200
    assert head.body == ""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/metricsx", "/%6detrics", "*"])
def test_any_other_path_is_not_found(watched: Server, path: str) -> None:
    answer = ask(watched, path)
    assert answer.status == 404
    assert answer.body == "there are /metrics, /healthz, /readyz\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_methods_that_ask_for_something_else_are_refused(watched: Server, method: str) -> None:
    assert ask(watched, "/metrics", method).status == 501


def test_an_answer_tells_nothing_of_the_machine(watched: Server) -> None:
    for path in (*PATHS, "/nothing"):
        answer = ask(watched, path)
        assert answer.headers["Server"] == "lakehouse"
        assert "Python" not in str(answer)
        assert str(watched.data) not in answer.body


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",  # a gRPC client
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 500 + b"\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
    ],
)
def test_nonsense_on_the_port_is_refused_and_harms_nobody(watched: Server, sent: bytes) -> None:
    with socket.create_connection(place(watched), timeout=30) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = _rest(client)
    assert b" 200 " not in answer
    assert b"Traceback" not in answer
    assert ask(watched, "/healthz").status == 200


def test_clients_that_send_byte_by_byte_are_ended_and_others_served(watched: Server) -> None:
    began = time.monotonic()
    with _slow(watched, CONNECTIONS_MAX - 2) as clients:
        assert ask(watched, "/healthz").status == 200
        for client in clients:
            assert _rest(client) == b""
        assert time.monotonic() - began >= CALL_S_MAX - 0.5
    assert ask(watched, "/metrics").status == 200


def test_connections_over_the_bound_are_closed_at_once_and_places_come_free(watched: Server) -> None:
    with _slow(watched, CONNECTIONS_MAX), socket.create_connection(place(watched), timeout=30) as one_more:
        assert _rest(one_more) == b""
    deadline = time.monotonic() + 30
    while True:
        try:
            assert ask(watched, "/healthz").status == 200
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_many_connections_leave_no_thread_behind(watched: Server) -> None:
    def threads() -> int:
        return len(os.listdir(f"/proc/{watched.pid}/task"))

    ask(watched, "/metrics")
    before = threads()
    for _ in range(300):
        socket.create_connection(place(watched), timeout=30).close()
    deadline = time.monotonic() + 30
    while threads() > before + 2:
        assert time.monotonic() < deadline, f"{threads()} threads, {before} before"
        time.sleep(0.05)


def test_nothing_is_served_unless_a_setting_asks(server: Server) -> None:
    assert not [line for line in server.out if line.startswith("metrics ")]
    listening = _listening(server.pid)
    assert listening == {server.port}


def test_a_port_that_is_taken_ends_the_start_with_one_line(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refusal(Server(data, "--metrics-port", str(port)))
    assert message == f"can't listen on 127.0.0.1:{port} for metrics: Address already in use"


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
def _slow(server: Server, number: int) -> Iterator[list[socket.socket]]:
    """Clients that each send a header a byte at a time and never end it."""
    clients = [socket.create_connection(place(server), timeout=30) for _ in range(number)]
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.2):
            for client in clients:
                try:
                    client.send(b"x")
                except OSError:
                    continue

    for client in clients:
        client.sendall(b"GET /metrics HTTP/1.1\r\nx: ")
    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield clients
    finally:
        stop.set()
        thread.join()
        for client in clients:
            client.close()


def _rest(client: socket.socket) -> bytes:
    """All that the server sends until it ends the connection."""
    received = b""
    try:
        while part := client.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def _listening(pid: int) -> set[int]:
    """The TCP ports that a process listens on."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


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
            os.kill(process, signal.SIGCONT)
