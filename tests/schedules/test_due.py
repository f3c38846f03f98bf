"""When a schedule is due, by what the lake has of its runs."""

from datetime import UTC, datetime, timedelta

import pytest

from server.schedules.schedule import Kept, Schedule

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
HOURLY = Schedule("hourly", "0 * * * *", "health", "{}", "admin")
DONE = ("succeeded", "succeeded")


@pytest.mark.parametrize(
    ("since", "statuses", "due"),
    [
        (timedelta(seconds=-1), DONE, True),
        (timedelta(days=-400), DONE, True),
        (timedelta(seconds=0), DONE, False),
        (timedelta(seconds=0.3), ("failed",), False),
        (timedelta(hours=-1), (), True),
        (timedelta(seconds=0), ("interrupted",), True),
        (timedelta(seconds=0), ("interrupted", "succeeded"), True),
        (timedelta(seconds=0), ("interrupted", "interrupted"), False),
        (timedelta(hours=-1), ("interrupted", "interrupted"), True),
        (timedelta(minutes=50), DONE, False),
        (timedelta(days=2000), DONE, True),
    ],
    ids=[
        "its time has come since",
        "its time has come often",
        "it has run at that time",
        "a failed run is a run",
        "it has never run",
        "the first run was broken off",
        "a run was broken off",
        "two in a row were broken off",
        "its time has come since two were",
        "the clock was set back",
        "the clock was wrong",
    ],
)
def test_a_schedule_is_due_once_for_each_time(since: timedelta, statuses: tuple[str, ...], due: bool) -> None:
    assert Kept(HOURLY, NOON + since, statuses).is_due(NOON + timedelta(seconds=0.5)) is due
