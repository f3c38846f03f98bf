"""Schedules through the front door: made, refused, run, caught up, broken off."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, connect
from tests.catalog.direct import stopped_lake
from tests.crash.client import at_work
from tests.harness import PASSWORD, Server, query
from tests.lake.ports import wait_until

EVERY_MINUTE = "* * * * *"


def call(server: Server, name: str, /, **arguments: Any) -> list[dict[str, Any]]:
    with server.operations() as operations:
        return operations.call(name, **arguments)


def schedule(server: Server, name: str) -> dict[str, Any]:
    (found,) = server.rows("SELECT * FROM catalog.schedules WHERE name = ?", (name,))
    return found


def runs(server: Server, name: str) -> list[tuple[str, str | None]]:
    """Status and code of each run, in order."""
    text = "SELECT status, error_code FROM catalog.schedule_runs WHERE schedule = ? ORDER BY started_at"
    return [(row["status"], row["error_code"]) for row in server.rows(text, (name,))]


def grow_old(data: Path, name: str) -> None:
    """Let the schedule of a stopped server have been made two days ago."""
    with stopped_lake(data) as lake:
        lake.execute(
            "UPDATE lakehouse.catalog.schedule_events SET changed_at = changed_at - INTERVAL 2 DAY WHERE name = ?",
            [name],
        )


def test_a_schedule_is_listed_with_when_it_runs_next(server: Server) -> None:
    before = datetime.now(UTC)
    (made,) = call(server, "create_schedule", name="nightly", cron="30  2 * * mon-fri", operation="compact")
    assert made == {"name": "nightly", "operation": "compact", "cron": "30 2 * * mon-fri", "principal": "admin"}
    found = schedule(server, "nightly")
    assert (found["arguments"], found["enabled"], found["last_run_at"]) == ("{}", True, None)
    following = found["next_run_at"]
    assert (following.hour, following.minute) == (2, 30)
    assert following.weekday() < 5
    assert before < following <= before + timedelta(days=3, hours=1)
    assert call(server, "drop_schedule", name="NIGHTLY") == [{"name": "nightly", "status": "dropped"}]
    assert server.rows("SELECT * FROM catalog.schedules WHERE name = 'nightly'") == []


def test_a_schedule_made_by_call_keeps_its_arguments(server: Server, connection: dbapi.Connection) -> None:
    query(
        connection,
        "CALL create_schedule(name := 'by_call', cron := '0 0 last * *', operation := 'COMPACT', "
        "arguments := {'dataset': 'kev', 'keep_tombstones': true})",
    )
    found = schedule(server, "by_call")
    assert found["operation"] == "compact"
    assert found["arguments"] == '{"dataset":"kev","keep_tombstones":true}'
    call(server, "drop_schedule", name="by_call")


GOOD = {"name": "refused", "cron": EVERY_MINUTE, "operation": "health"}


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"cron": "* * * *"}, "invalid_argument", "five fields"),
        ({"cron": "61 * * * *"}, "invalid_argument", "61"),
        ({"cron": "0 0 31 2 *"}, "invalid_argument", "never comes"),
        ({"cron": "0 0 * * 1"}, "invalid_argument", "name days of the week"),
        ({"cron": "0 0 1 * mon"}, "invalid_argument", "not both"),
        ({"cron": "0 0 * * mon-fri/2"}, "invalid_argument", "names here are mon, tue"),
        ({"cron": "0 0 1 jan-dec/3 *"}, "invalid_argument", "names here are jan, feb"),
        ({"cron": "0 0 last-3 * *"}, "invalid_argument", "names here are last"),
        ({"cron": "0 0 * * mon-"}, "invalid_argument", "names here are mon, tue"),
        ({"cron": "*/0 * * * *"}, "invalid_argument", "Increment"),
        ({"cron": "1" * 300 + " * * * *"}, "invalid_argument", "five fields"),
        ({"operation": "healht"}, "not_found", "did you mean health"),
        ({"operation": "set_password"}, "invalid_argument", "takes a secret"),
        ({"operation": "compact", "arguments": {"datasett": "x"}}, "invalid_argument", "datasett"),
        ({"operation": "compact", "arguments": {"wait": "perhaps"}}, "invalid_argument", "wait"),
        ({"operation": "set_metadata", "arguments": {}}, "invalid_argument", "usage: set_metadata"),
        ({"name": "a-b"}, "invalid_argument", "letters, digits and _"),
    ],
)
def test_what_could_not_run_is_refused(server: Server, wrong: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(LakehouseError, match=message) as failed:
        call(server, "create_schedule", **(GOOD | wrong))
    assert failed.value.code == code
    assert server.rows("SELECT * FROM catalog.schedules WHERE name = 'refused'") == []


def test_a_name_is_taken_once_whatever_its_case(server: Server) -> None:
    call(server, "create_schedule", name="taken", cron="0 0 1 1 *", operation="health")
    with pytest.raises(LakehouseError, match="exists: drop it first") as failed:
        call(server, "create_schedule", name="Taken", cron="0 0 1 1 *", operation="health")
    assert failed.value.code == "already_exists"
    call(server, "drop_schedule", name="taken")
    call(server, "create_schedule", name="Taken", cron="0 0 1 1 *", operation="health")
    call(server, "drop_schedule", name="taken")
    with pytest.raises(LakehouseError, match="there is no schedule") as failed:
        call(server, "drop_schedule", name="taken")
    assert failed.value.code == "not_found"


def test_missed_runs_are_caught_up_once_and_as_the_principal_is_then(data: Path) -> None:
    server = Server(data)
    server.start()
    call(server, "create_principal", name="ann", password=PASSWORD, roles=["admin"])
    call(server, "create_principal", name="bob", password=PASSWORD, roles=["admin"])
    for name in ("ann", "bob"):
        with connect(server.uri, name, PASSWORD) as own:
            query(own, f"CALL create_schedule(name := 'of_{name}', cron := '* * * * *', operation := 'health')")
    call(server, "create_schedule", name="not_due", cron=_tomorrow(), operation="health")
    call(
        server, "create_schedule", name="no_such", cron="0 * * * *", operation="compact", arguments={"dataset": "gone"}
    )
    call(server, "disable_principal", principal="bob")
    assert server.stop() == 0
    for name in ("of_ann", "of_bob", "no_such"):
        grow_old(data, name)
    with server:
        wait_until(
            lambda: (
                {schedule(server, name)["last_status"] for name in ("of_ann", "of_bob", "no_such")}
                == {"succeeded", "failed"}
                and schedule(server, "of_ann")["last_status"] == "succeeded"
                and None not in {schedule(server, name)["last_status"] for name in ("of_bob", "no_such")}
            ),
            "the missed runs were not caught up",
        )
        # A minute may have begun meanwhile; far fewer than the 2,880 that were missed, all the same.
        assert set(runs(server, "of_ann")) == {("succeeded", None)}
        assert len(runs(server, "of_ann")) <= 2
        assert set(runs(server, "of_bob")) == {("failed", "unauthenticated")}
        assert runs(server, "no_such") == [("failed", "not_found")]
        assert runs(server, "not_due") == []
        assert [schedule(server, name)["enabled"] for name in ("of_ann", "of_bob")] == [True, False]
        following = schedule(server, "of_ann")["next_run_at"]
        assert following - datetime.now(UTC) <= timedelta(minutes=1)
        logged = server.rows("SELECT principal, session_id, status FROM catalog.query_log WHERE kind = 'health'")
        assert {"principal": "ann", "session_id": "schedule:of_ann", "status": "ok"} in logged


def test_a_run_that_the_server_was_killed_in_is_told_and_caught_up(data: Path) -> None:
    with Server(data) as server:
        server.rows("CREATE TABLE t AS SELECT 1 AS id")
        call(server, "create_schedule", name="each", cron=EVERY_MINUTE, operation="compact", arguments={"dataset": "t"})
        with at_work("tests.schedules.holder", server.uri):
            wait_until(lambda: runs(server, "each")[-1:] == [("running", None)], "no run came by itself", 90)
            server.kill()
        server.start()
        told = ("interrupted", None)
        wait_until(lambda: runs(server, "each")[-1] == ("succeeded", None), "the run was not caught up")
        found = runs(server, "each")
        assert found.count(told) == 1
        assert found.index(told) < len(found) - 1


def _tomorrow() -> str:
    """Once a year, on a day that is not near."""
    day = datetime.now(UTC) + timedelta(days=60)
    return f"0 0 {min(day.day, 28)} {day.month} *"
