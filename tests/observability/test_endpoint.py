"""The HTTP side: metrics and health on a port of their own, held up by nobody."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from server.observability.endpoint import CALL_S_MAX, CONNECTIONS_MAX
from tests.harness import Server
from tests.observability.watching import ask, place
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


@pytest.mark.parametrize("version", ["x", "", "1.x", "-", "1.0.0.0.\xff", "9" * 5000])
def test_a_version_of_the_format_that_is_none_is_answered_in_plain_text(watched: Server, version: str) -> None:
    for kind in ("application/openmetrics-text", "text/plain"):
        answer = ask(watched, "/metrics", headers={"Accept": f"{kind};version={version}"})
        assert answer.status == 200
        assert "lakehouse_" in answer.body


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
        with suppress(OSError):  # the server may have ended it by now
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
