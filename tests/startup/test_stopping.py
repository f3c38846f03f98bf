"""Stopping on a signal: at once, with status 0, and nothing that was acknowledged is lost."""

import signal
import time
from pathlib import Path

import duckdb
import pytest

from tests.crash.client import acknowledged, statement, working
from tests.harness import Server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_that_is_busy_stops_on_a_signal_and_keeps_what_it_acknowledged(data: Path, number: int) -> None:
    server = Server(data).start()
    with server.operations() as operations, working(server, "wait") as waiting, working(server, "tell") as telling:
        for client in (waiting, telling):
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
        # Both run: the endless query, and the other one's statements every now and then.
        while operations.call("health")[0]["statements_running"] < 2:
            time.sleep(0.005)
        assert server.stop(number) == 0
        assert waiting.wait(30) == 0
        telling.wait(30)
        done = acknowledged(telling)
        assert acknowledged(waiting) == []
    log = server.log.read_text()
    assert "stopping" in log
    assert "Traceback" not in log
    reference = duckdb.connect()
    for step in done:
        reference.execute(statement(step))
    names = reference.execute("SELECT table_name FROM information_schema.tables WHERE table_type LIKE 'B%'").fetchall()
    with Server(data) as again:
        found = {row["dataset"] for row in again.rows("SELECT dataset FROM catalog.datasets WHERE kind = 'table'")}
    # The statement that was running may have been done as well: one table more, or one less.
    assert len({name for (name,) in names} ^ found) <= 1
    reference.close()
