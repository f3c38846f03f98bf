"""SIGKILL while tombstones are set and taken back."""

import random
import threading
import time
from pathlib import Path

from clients.python import LakehouseError
from tests.harness import Server, query

KILLS = 6
PEOPLE = 400


class Working(threading.Thread):
    """Tombstones one person after the other and gives every third one back. done: answered calls, by person."""

    def __init__(self, server: Server, people: list[int]) -> None:
        super().__init__()
        self._server, self._people = server, people
        self.done: dict[int, str] = {}
        self.asked: set[int] = set()

    def run(self) -> None:
        try:
            with self._server.operations() as operations:
                for person in self._people:
                    self.asked.add(person)
                    operations.call("tombstone", dataset="people", key_column="id", key_values=[person])
                    self.done[person] = "deleted"
                    if person % 3 == 0:
                        self.done[person] = "unknown"
                        operations.call("untombstone", dataset="people", key_values=[person])
                        self.done[person] = "live"
        except LakehouseError:
            return


def test_rows_and_records_agree_after_any_kill(data: Path) -> None:
    """Two rows a person: both are where the record says, and what was answered stays."""
    chance = random.Random(7)
    expected: dict[int, str] = {}
    with Server(data) as server, server.connect() as connection:
        query(connection, f"CREATE TABLE people AS SELECT i % {PEOPLE} AS id, i AS row FROM range({2 * PEOPLE}) t(i)")
    for kill in range(KILLS):
        server = Server(data).start()
        working = Working(server, list(range(kill * PEOPLE // KILLS, (kill + 1) * PEOPLE // KILLS)))
        working.start()
        while not working.done and working.is_alive():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.4))
        server.kill()
        working.join()
        expected |= dict.fromkeys(working.asked, "unknown") | working.done
    with Server(data) as server:
        places = server.rows(
            "SELECT id, count(*) FILTER (NOT __deleted) AS live, count(*) FILTER (__deleted) AS deleted "
            "FROM __raw__people GROUP BY id"
        )
        found = {row["id"]: (row["live"], row["deleted"]) for row in places}
        recorded = {int(row["key_value"]) for row in server.rows("SELECT key_value FROM catalog.suppressions")}
    assert len(found) == PEOPLE
    for person, (live, deleted) in found.items():
        assert (live, deleted) in ((2, 0), (0, 2)), person
        assert (person in recorded) == (deleted == 2), person
        assert expected.get(person, "live") in ("unknown", "live" if live else "deleted"), person
    assert any(deleted for _, deleted in found.values())
