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
    with Server(data) as server:
        with server.operations() as operations, working(server, "wait") as waiting, working(server, "tell") as telling:
            # Both run: the endless query, and the other one's statements every now and then.
            while operations.call("health")[0]["statements_running"] < 2:
                time.sleep(0.005)
            assert server.stop(number) == 0
            done = acknowledged(telling)
            assert acknowledged(waiting) == []
        log = server.log.read_text()
        server.start()
        found = {row["dataset"] for row in server.rows("SELECT dataset FROM catalog.datasets WHERE kind = 'table'")}
    assert "stopping" in log
    assert "Traceback" not in log
    with duckdb.connect() as reference:
        for step in done:
            reference.execute(statement(step))
        names = {name for (name,) in reference.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    # The statement that was running may have been done as well: one table more, or one less.
    assert len(names ^ found) <= 1
