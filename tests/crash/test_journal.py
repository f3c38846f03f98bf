"""SIGKILL at any moment: every acknowledged event is in the journal, every commit once, and the chain is whole."""

import itertools
import random
import threading
import time
from pathlib import Path

from clients.python import LakehouseError
from tests.crash.client import acknowledged, working
from tests.harness import Server
from tests.journal.asking import flush, history, verdict

KILLS = 5
LIFE_S = (0.0, 0.7)
BUSY = ("--journal-flush-s", "0.05", "--journal-default", "rows", "--log-level", "warning")


class Appending(threading.Thread):
    """Appends events until the server is gone; `acknowledged` are the keys of those that it answered for."""

    def __init__(self, server: Server, life: int) -> None:
        super().__init__()
        self._server, self._life = server, life
        self.acknowledged: list[str] = []
        self.begun = threading.Event()

    def run(self) -> None:
        try:
            with self._server.operations() as operations:
                for number in itertools.count():
                    keys = [f"{self._life} {number} {part}" for part in range(3)]
                    events = [{"dataset": "outside", "key": key, "new_value": key} for key in keys]
                    operations.call("journal_append", events=events)
                    self.acknowledged += keys
                    self.begun.set()
        except LakehouseError:
            self.begun.set()


def test_no_acknowledged_event_is_lost_and_no_commit_is_journalled_twice(data: Path) -> None:
    chance, told = random.Random(8), []
    with Server(data, *BUSY) as server:
        server.rows("CREATE TABLE kept (n BIGINT)")
        for life in range(KILLS):
            appending = Appending(server, life)
            with working(server, "tell", life * 1000) as client:
                appending.start()
                appending.begun.wait(60)
                time.sleep(chance.uniform(*LIFE_S))
                server.kill()
                acknowledged(client)
            appending.join()
            told += appending.acknowledged
            server.start()
        flush(server)
        assert verdict(server)["problem"] is None
        assert len(told) > KILLS
        assert_each_once(server, told)
        assert_as_the_feed_says(server)


def assert_each_once(server: Server, told: list[str]) -> None:
    [found] = server.rows(
        "SELECT count(*) AS n, count(DISTINCT entity_hmac) AS d FROM catalog.journal WHERE dataset = 'outside'"
    )
    assert found["n"] == found["d"] >= len(told)
    for key in random.Random(1).sample(told, min(len(told), 10)):
        assert history(server, "outside", key) == [("update", None, None, key)]


def assert_as_the_feed_says(server: Server) -> None:
    """Of every row that a commit wrote there is an event, and none twice."""
    found = server.rows("SELECT dataset FROM catalog.datasets WHERE dataset LIKE 'story%' AND kind = 'table'")
    newest = server.rows("SELECT max(snapshot_id) AS n FROM catalog.snapshots")[0]["n"]
    assert found
    for name in (row["dataset"] for row in found):
        born = server.rows(
            "SELECT min(snapshot_id) AS n FROM catalog.journal WHERE change = 'create' AND dataset = ?", [name]
        )[0]["n"]
        fed = f"""SELECT DISTINCT snapshot_id, rowid FROM lakehouse.table_changes('{name}', {born}, {newest})
            WHERE change_type IN ('insert', 'update_postimage')"""
        own = f"""SELECT DISTINCT snapshot_id, row_id FROM catalog.journal
            WHERE dataset = '{name}' AND change IN ('insert', 'update')"""
        assert server.rows(f"({fed}) EXCEPT ({own})") == server.rows(f"({own}) EXCEPT ({fed})") == []
    twice = """SELECT dataset FROM catalog.journal WHERE row_id IS NOT NULL
        GROUP BY snapshot_id, dataset, row_id, change, field HAVING count(*) > 1"""
    assert server.rows(twice) == []
