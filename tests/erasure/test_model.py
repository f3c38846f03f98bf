"""After any interleaving of writes, tombstones, compactions and erasures, readers see what a simple model says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.erasure.people import NAMES, call, mail, refused
from tests.harness import Server, query

PEOPLE = st.sampled_from(NAMES)
SOME = st.lists(PEOPLE, min_size=1, max_size=3, unique=True)
NOTES = st.sampled_from(["red", "green", "blue"])
EXAMPLES, STEPS = 10, 25
ERASING_EXAMPLES, ERASING_STEPS = 6, 15  # an erasure takes seconds
SUPPRESSED = ("set", "erased")
WAITING = ("set", "lifted")
ELSEWHERE = {"control tables", "other datasets"}  # datasets of earlier examples have the same keys
Row = tuple[int, str, str]


class People(RuleBasedStateMachine):
    """state: what the latest change of each person's tombstone was."""

    connection: dbapi.Connection
    tables = 0

    def __init__(self) -> None:
        super().__init__()
        People.tables += 1
        self.name = f"model_{People.tables}"
        self.live: list[Row] = []
        self.deleted: list[Row] = []
        self.state: dict[str, str] = {}
        self.held = 0
        self.next_id = 0
        query(self.connection, f"CREATE TABLE {self.name} (id BIGINT, email VARCHAR, note VARCHAR)")
        self.with_tombstones = False

    @rule(who=st.lists(PEOPLE, min_size=1, max_size=4), note=NOTES, bound=st.booleans())
    def insert(self, who: list[str], note: str, bound: bool) -> None:
        rows = [(self.next_id + number, mail(one), note) for number, one in enumerate(who)]
        self.next_id += len(rows)
        if bound:
            with self.connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {self.name} VALUES (?, ?, ?)", rows)
        else:
            query(self.connection, f"INSERT INTO {self.name} VALUES {', '.join(map(str, rows))}")
        passing = [row for row in rows if not self._suppressed(row[1])]
        self.live += passing
        self.held += len(rows) - len(passing)

    @rule(who=PEOPLE, note=NOTES)
    def update(self, who: str, note: str) -> None:
        query(self.connection, f"UPDATE {self.name} SET note = ? WHERE email = ?", (note, mail(who)))
        self.live = [(number, email, note if email == mail(who) else old) for number, email, old in self.live]

    @rule(old=PEOPLE, new=PEOPLE)
    def rename(self, old: str, new: str) -> None:
        text = f"UPDATE {self.name} SET email = '{mail(new)}' WHERE email = '{mail(old)}'"
        touched = any(email == mail(old) for _, email, _ in self.live)
        if touched and self._suppressed(mail(new)):
            assert refused(self.connection, text).code == "key_suppressed"
            return
        query(self.connection, text)
        self.live = [(n, mail(new) if email == mail(old) else email, note) for n, email, note in self.live]

    @rule(who=PEOPLE)
    def delete(self, who: str) -> None:
        query(self.connection, f"DELETE FROM {self.name} WHERE email = ?", (mail(who),))
        self.live = [row for row in self.live if row[1] != mail(who)]

    @rule(who=SOME)
    def tombstone(self, who: list[str]) -> None:
        keys = [mail(one) for one in who]
        moved = [row for row in self.live if row[1] in keys]
        row = call(self.connection, "tombstone", dataset=self.name, key_column="email", key_values=keys)
        assert row["row_count"] == len(moved)
        self.live = [row for row in self.live if row[1] not in keys]
        self.deleted += moved
        for key in keys:
            if not self._suppressed(key) or any(row[1] == key for row in moved):
                self.state[key] = "set"
        self.with_tombstones = True

    @rule(who=SOME)
    def untombstone(self, who: list[str]) -> None:
        keys = self._changeable("untombstone", [mail(one) for one in who], WAITING)
        moved = [row for row in self.deleted if row[1] in keys]
        self.live += moved
        self.deleted = [row for row in self.deleted if row[1] not in keys]
        self.state |= dict.fromkeys(keys, "restored")

    @rule(who=SOME)
    def lift(self, who: list[str]) -> None:
        keys = self._changeable("lift_suppression", [mail(one) for one in who], SUPPRESSED)
        self.state |= dict.fromkeys(keys, "lifted")

    @invariant()
    def readers_see_the_model(self) -> None:
        assert self._rows(self.name) == Counter(self.live)
        if self.with_tombstones:
            assert self._rows(f"__raw__{self.name}") == Counter(self.live + self.deleted)
            text = "SELECT coalesce(sum(row_count), 0)::INT AS n FROM catalog.held_back_events WHERE dataset = ?"
            assert query(self.connection, text, (self.name,))["n"][0].as_py() == self.held

    def _changeable(self, operation: str, keys: Sequence[str], states: tuple[str, ...]) -> list[str]:
        """Run the operation; the keys that it changes, none if it is refused."""
        found = [key for key in keys if self.state.get(key, "none") in states]
        if found:
            row = call(self.connection, operation, dataset=self.name, key_values=list(keys))
            assert row["key_count"] == len(found)
        else:
            with pytest.raises(dbapi.Error):
                call(self.connection, operation, dataset=self.name, key_values=list(keys))
        return found

    def _suppressed(self, key: str) -> bool:
        return self.state.get(key) in SUPPRESSED

    def _rows(self, table: str) -> Counter[Row]:
        rows = query(self.connection, f"SELECT id, email, note FROM {table}").to_pylist()
        return Counter((row["id"], row["email"], row["note"]) for row in rows)


class Erasing(People):
    """The same with what rewrites files. A key that was lifted stays so, and counts as waiting still."""

    @rule()
    def erase(self) -> None:
        if self._waits():
            surfaces = query(self.connection, "CALL erase(dataset := ?)", (self.name,)).to_pylist()
            assert {row["surface"] for row in surfaces if row["verdict"] != "clean"} <= ELSEWHERE
            self._erased()
        else:
            assert refused(self.connection, "CALL erase(dataset := ?)", (self.name,)).code == "not_found"

    @rule(keep=st.booleans())
    def compact(self, keep: bool) -> None:
        call(self.connection, "compact", dataset=self.name, keep_tombstones=keep)
        if not keep and self.deleted:
            self._erased()

    def _waits(self) -> bool:
        return any(state in WAITING for state in self.state.values())

    def _erased(self) -> None:
        self.deleted.clear()
        self.state = {key: "erased" if state == "set" else state for key, state in self.state.items()}


@pytest.fixture
def erasing(data: Path) -> Iterator[dbapi.Connection]:
    """To a server of the test's own, since an erasure ends what others have open."""
    with Server(data, "--erasure-grace-s", "0.3") as own:
        yield own.connect()


def test_any_interleaving_gives_what_the_model_says(server: Server, connection: dbapi.Connection) -> None:
    _run(People, connection, EXAMPLES, STEPS)


def test_any_interleaving_with_erasures_gives_what_the_model_says(erasing: dbapi.Connection) -> None:
    _run(Erasing, erasing, ERASING_EXAMPLES, ERASING_STEPS)


def _run(machine: type[People], connection: dbapi.Connection, examples: int, steps: int) -> None:
    machine.connection = connection
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
