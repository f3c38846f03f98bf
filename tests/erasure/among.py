"""Clients that go on while rows are erased."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, lakehouse_error
from tests.harness import Server, query

RETRYABLE = frozenset({"ended_for_erasure", "unavailable", "conflict", "limit_exceeded"})
TURN_S = 60.0
PAUSE_S = 0.1  # between two calls of a loop, so that the erasure has a core too


class Loop:
    """Calls again and again. done: how often it went well. codes: of the errors."""

    def __init__(self, work: Callable[[int], object]) -> None:
        self.done = 0
        self.codes: list[str] = []
        self.failed: list[BaseException] = []
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert not self.failed, self.failed[0]

    def _run(self) -> None:
        turn = 0
        while not self._stop.is_set():
            try:
                self._work(turn)
                self.done += 1
            except DRIVER_ERRORS as error:
                self.codes.append(lakehouse_error(error).code)
            except BaseException as error:  # noqa: BLE001 - the test's own thread tells of it
                self.failed.append(error)
                return
            turn += 1
            time.sleep(PAUSE_S)


@contextmanager
def going_on(*works: Callable[[int], object]) -> Iterator[list[Loop]]:
    """Each in a loop of its own, which has turned at least once before and once after."""
    loops = [Loop(work) for work in works]
    try:
        for loop in loops:
            _turned(loop)
        yield loops
        for loop in loops:
            _turned(loop)
    finally:
        for loop in loops:
            loop.end()


def _turned(loop: Loop) -> None:
    """Wait until it has succeeded once more."""
    seen, deadline = loop.done, time.monotonic() + TURN_S
    while loop.done == seen and not loop.failed:
        assert time.monotonic() < deadline, loop.codes[-1:]
        time.sleep(PAUSE_S)


def erased(server: Server, name: str) -> dict[str, dict[str, Any]]:
    """Erase over a connection of its own; surface → its row."""
    rows = server.rows("CALL erase(dataset := ?)", (name,))
    return {row["surface"]: row for row in rows}


def begun(server: Server, name: str) -> "Future[dict[str, dict[str, Any]]]":
    """The same in a thread."""
    with_one = ThreadPoolExecutor(1)
    future = with_one.submit(erased, server, name)
    with_one.shutdown(wait=False)
    return future


def not_clean(surfaces: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    return {(name, row["verdict"]) for name, row in surfaces.items() if row["verdict"] != "clean"}


def count(connection: dbapi.Connection, relation: str) -> int:
    return int(query(connection, f"SELECT count(*) AS n FROM {relation}")["n"][0].as_py())
