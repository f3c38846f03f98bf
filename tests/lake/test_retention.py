"""Snapshots of a lake that several servers share expire only once no transaction of any of them can need one."""

import time
from pathlib import Path

import pytest

from tests.harness import Server
from tests.lake.conftest import Environment

pytestmark = pytest.mark.postgres
WAIT_S = 200.0


def test_snapshots_expire_that_are_older_than_any_session(on_postgres: Environment, tmp_path: Path) -> None:
    flags = ("--snapshots-kept-max", "5", "--session-s-max", "5")
    with Server(tmp_path / "data", *flags, environment=on_postgres) as server:
        server.rows("CREATE TABLE shared (id INTEGER)")
        first, deadline, number = oldest(server), time.monotonic() + WAIT_S, 0
        while oldest(server) <= first + 20:
            assert time.monotonic() < deadline
            server.rows("INSERT INTO shared VALUES (?)", [number])
            number += 1
        server.stop()
        server.start()
        assert server.rows("SELECT count(*) AS n FROM shared") == [{"n": number}]


def test_younger_ones_stay(on_postgres: Environment, tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--snapshots-kept-max", "1", environment=on_postgres) as server:
        server.rows("CREATE TABLE shared (id INTEGER)")
        first = oldest(server)
        for number in range(10):
            server.rows("INSERT INTO shared VALUES (?)", [number])
        time.sleep(6.0)  # longer than between two rounds: nothing else tells that one found nothing to do
        assert oldest(server) == first


def oldest(server: Server) -> int:
    return int(server.rows("SELECT min(snapshot_id) AS n FROM catalog.snapshots")[0]["n"])
