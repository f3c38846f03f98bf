"""Events from outside: kept from the moment that they are acknowledged, sealed, and checked."""

import datetime
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from clients.python import LakehouseError
from tests.harness import Server
from tests.journal.asking import flush, history, verdict

EVENT = {"dataset": "outside", "key": "e1", "field": "mood", "old_value": "calm", "new_value": "glad"}


def append(server: Server, *events: dict[str, Any]) -> None:
    with server.operations() as operations:
        operations.call("journal_append", events=list(events))


def test_event_from_outside_is_in_the_history_of_its_entity(server: Server) -> None:
    append(server, EVENT | {"source": "a tool", "workspace": "w1"}, EVENT | {"key": "e2"})
    assert history(server, "outside", "e1") == [("update", "mood", "calm", "glad")]
    [found] = server.rows("SELECT * FROM entity_history('OUTSIDE', 'e1')")
    assert (found["actor"], found["source"], found["workspace"]) == ("admin", "a tool", "w1")
    assert found["snapshot_id"] is None
    cells = server.rows("SELECT old_value, new_value FROM cell_history('outside', 'e1', 'Mood')")
    assert cells == [{"old_value": "calm", "new_value": "glad"}]
    assert server.rows("FROM cell_history('outside', 'e1', 'name')") == []


def test_event_may_tell_when_it_happened(server: Server) -> None:
    append(server, {"dataset": "outside", "key": "dated", "occurred_at": "2020-02-03T04:05:06.789012+02:00"})
    flush(server)
    [found] = server.rows("SELECT occurred_at FROM entity_history('outside', 'dated')")
    expected = datetime.datetime(2020, 2, 3, 2, 5, 6, 789012, datetime.UTC)
    assert found["occurred_at"].astimezone(datetime.UTC) == expected


def test_many_large_events_go_in_by_one_call(server: Server) -> None:
    events = [{"dataset": "large", "key": str(number), "new_value": "x" * 20_000} for number in range(200)]
    append(server, *events)
    flush(server)
    [found] = server.rows(
        "SELECT count(*) AS n, count(DISTINCT entity_hmac) AS d FROM catalog.journal WHERE dataset = 'large'"
    )
    assert found == {"n": 200, "d": 200}
    assert [change[3] for change in history(server, "large", "199")] == ["x" * 20_000]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"dataset": ""}, "dataset"),
        ({"dataset": "a\nb"}, "printable"),
        ({"key": ""}, "key"),
        ({"key": None}, "key"),
        ({"new_value": "\ud800"}, "events"),
        ({"new_value": "x" * 100_001}, "new_value"),
        ({"change": "gap"}, "gap"),
        ({"occurred_at": "2020-02-03T04:05:06"}, "timezone"),
        ({"actor": "somebody else"}, "actor"),
    ],
)
def test_event_that_is_wrong_is_refused(server: Server, wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(LakehouseError) as raised:
        append(server, EVENT | {"key": "refused"}, EVENT | {"key": "refused"} | wrong)
    assert raised.value.code == "invalid_argument"
    assert word in str(raised.value)
    assert history(server, "outside", "refused") == []


def test_no_value_and_no_key_is_in_the_files_in_clear(data: Path) -> None:
    with Server(data, "--journal-flush-s", "3600") as server:
        append(server, {"dataset": "d", "key": "a marked key", "old_value": "marked old", "new_value": "marked new"})
        assert b"marked" not in everything_in(data)
        flush(server)
        assert len(history(server, "d", "a marked key")) == 1
        server.stop()
    assert b"marked" not in everything_in(data)


def everything_in(data: Path) -> bytes:
    return b"".join(Path(folder, name).read_bytes() for folder, _, names in os.walk(data) for name in names)


def test_event_that_can_not_be_kept_is_refused_and_later_ones_are_taken(data: Path) -> None:
    """A limit on the size of files stands for a full disk."""
    with Server(data, "--query-log-flush-s", "3600", "--log-level", "error") as server:
        append(server, EVENT)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        with pytest.raises(LakehouseError) as raised:
            append(server, *[EVENT | {"key": str(number)} for number in range(300)])
        assert raised.value.code == "log_unavailable"
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        append(server, EVENT | {"key": "later"})
        assert len(history(server, "outside", "later")) == 1
        assert verdict(server)["problem"] is None
