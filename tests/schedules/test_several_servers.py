"""Servers that share a lake: each knows the schedules of all, and one of them does each run."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.python import LakehouseError
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.location import LakeLocation
from server.errors import Unavailable
from server.schedules.turns import Turns
from tests.harness import Server
from tests.lake.ports import free_port, wait_until
from tests.lake.postgres import Postgres

pytestmark = pytest.mark.postgres

LEFT = "a run is left to another server"


def turns(data: Path, address: str) -> Turns:
    return Turns(LakeLocation.of(Settings(data=data, lake_catalog=address), DataFolder(data)))


def test_a_turn_is_one_servers_and_ends_with_its_connection(
    data: Path, postgres: Postgres, on_postgres: Mapping[str, str]
) -> None:
    first, second = (turns(data, on_postgres["LAKEHOUSE_LAKE_CATALOG"]) for _ in range(2))
    with first.held("x") as ours:
        assert ours
        with second.held("x") as theirs, second.held("y") as another:
            assert (theirs, another) == (False, True)
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")

        def is_free() -> bool:
            with second.held("x") as theirs:
                return theirs

        wait_until(is_free, "the turn of a connection that was cut stayed taken")


def test_without_its_catalog_no_turn_is_given_and_no_address_told(data: Path) -> None:
    port = free_port()
    unreachable = turns(data, f"postgresql://someone:secret@127.0.0.1:{port}/lake")
    with pytest.raises(Unavailable) as failed, unreachable.held("x"):
        pass
    assert str(port) not in str(failed.value)


def test_each_run_is_done_by_one_server_and_each_schedule_known_to_all(
    tmp_path: Path, on_postgres: Mapping[str, str]
) -> None:
    (tmp_path / "shared").mkdir()
    place = {**on_postgres, "LAKEHOUSE_LAKE_DATA": str(tmp_path / "shared")}
    runs = "SELECT status FROM catalog.schedule_runs WHERE schedule = 'each'"
    due = "SELECT next_run_at FROM catalog.schedules WHERE name = 'each'"
    with (
        Server(tmp_path / "first", environment=place) as first,
        Server(tmp_path / "second", environment=place) as second,
    ):
        with first.operations() as operations:
            operations.call("create_schedule", name="each", cron="* * * * *", operation="health")
        wait_until(lambda: second.rows(due)[0]["next_run_at"] is not None, "the other server does not know it", 30)
        wait_until(lambda: LEFT in first.log.read_text() + second.log.read_text(), "no server left it", 90)
        wait_until(lambda: {row["status"] for row in first.rows(runs)} == {"succeeded"}, "no server ran it")
        wait_until(
            lambda: len(first.rows(runs)) == sum(server.log.read_text().count(LEFT) for server in (first, second)),
            "not each run that a server did was left by the other",
        )
        with second.operations() as operations:
            with pytest.raises(LakehouseError, match="exists: drop it first"):
                operations.call("create_schedule", name="Each", cron="* * * * *", operation="health")
            operations.call("drop_schedule", name="each")
        assert first.rows(due) == []
