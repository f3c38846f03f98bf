"""Stopping on a signal: at once, with status 0, and nothing that was acknowledged is lost."""

import signal
import threading
from pathlib import Path

import pytest

from clients.python import DRIVER_ERRORS, LakehouseError
from tests.harness import Server

ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b"
FAILURES = (*DRIVER_ERRORS, LakehouseError)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_that_is_busy_stops_on_a_signal_and_keeps_what_it_acknowledged(data: Path, number: int) -> None:
    server = Server(data).start()
    server.rows("CREATE TABLE numbers (n INTEGER)")
    failed: list[BaseException] = []
    acknowledged: list[int] = []

    def endless() -> None:
        try:
            server.rows(ENDLESS)
        except FAILURES as error:
            failed.append(error)

    def insert() -> None:
        try:
            for n in range(100_000):
                server.rows(f"INSERT INTO numbers VALUES ({n})")
                acknowledged.append(n)
        except FAILURES as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for work in (endless, insert)]
    for thread in threads:
        thread.start()
    with server.operations() as operations:
        while not (operations.call("health")[0]["statements_running"] and len(acknowledged) >= 5):
            pass
    assert server.stop(number) == 0
    for thread in threads:
        thread.join(60)
    assert len(failed) == 2
    log = server.log.read_text()
    assert "stopping" in log
    assert "Traceback" not in log
    with Server(data) as again:
        found = {row["n"] for row in again.rows("FROM numbers")}
    assert found >= set(acknowledged)
    assert found <= {*acknowledged, len(acknowledged)}
