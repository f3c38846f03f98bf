"""The commits that the journal has not read yet, as events: exactly those of datasets that are journalled."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER
from server.errors import SqlError
from server.journal.commits import SQL, Commit, Name, commits_after, missing, names_after, stretches
from server.journal.event import Event
from server.journal.rows import row_events
from server.journal.sealing import Sealing
from server.journal.switches import Switch, Switches
from server.journal.tables import renamed, switch_event, table_event, table_events
from server.logs import logger

REFUSALS_MAX = 3  # of DuckLake, after which the rows are taken for gone
FAILURES_MAX = 10  # of whatever kind, after which the rest of the journal no longer waits for them

_log = logger("journal")


@dataclass(frozen=True)
class Feed:
    """commits: those after snapshot `after`, in order, as far as they are read at once. carried: switches that renamed
    datasets took along, to be kept with the events."""

    after: int
    commits: list[Commit]
    names: list[Name]
    switches: Switches
    carried: list[Switch]

    @classmethod
    def read(cls, cursor: LakeCursor, after: int, default: str) -> "Feed":
        """default: the setting journal_default."""
        commits = commits_after(cursor, after)
        if not commits:
            return cls(after, [], [], Switches([], default, {}), [])
        names = names_after(cursor, after)
        switches = Switches(cursor.rows(SQL["switches"]), default, dict(cursor.rows(SQL["tombstone_keys"])))
        carried = []
        for commit in commits:
            for old, new in renamed(commit, names):
                if switches.knows(old.dataset):
                    carried.append(switches.carry(cursor, old.table_id, old.dataset, new.dataset, commit.snapshot))
        return cls(after, commits, names, switches, carried)

    @property
    def through(self) -> int:
        return self.commits[-1].snapshot if self.commits else self.after

    @property
    def concerns_the_journal(self) -> bool:
        """Whether there may be events in it."""
        if self._switched(self.after, self.through) or self.carried or self._gaps():
            return True
        return any(self._written(commit) or self._at_large(commit) for commit in self.commits)

    def events(self, cursor: LakeCursor, sealing: Sealing, failures: int) -> Iterator[list[Event]]:
        """In the order of the commits. cursor: on which nothing else runs meanwhile.

        failures: how often this failed before. What can't be read becomes a gap in time, what DuckLake refuses soon.
        """
        gaps = self._gaps()
        if gaps:
            yield gaps
        before = self.after
        for stretch in stretches(self.commits):
            whole: list[Event] = []
            for commit in stretch:
                whole += map(switch_event, self._switched(before, commit.snapshot))
                whole += self._at_large(commit)
                before = commit.snapshot
            if whole:
                yield whole
            yield from self._row_events(cursor, stretch, sealing, failures)

    def _gaps(self) -> list[Event]:
        """Commits whose snapshots were expired before they were read."""
        gone = [pair for pair in missing(self.after, self.commits) if self.switches.any(pair[1])]
        at = self.commits[0].occurred_at if self.commits else 0
        return [
            table_event(
                None,
                "gap",
                f"snapshots {first} to {last} were expired before the journal had read them",
                None,
                None,
                at,
                last,
            )
            for first, last in gone
        ]

    def _switched(self, after: int, through: int) -> list[Switch]:
        """What set_journal was called for, to count from one of these commits on."""
        return [s for s in self.switches.made_within(after, through) if s.actor != SERVER]

    def _at_large(self, commit: Commit) -> list[Event]:
        return list(table_events(commit, self.names, self.switches))

    def _written(self, commit: Commit) -> list[Name]:
        """Journalled tables whose rows the commit changed."""
        return [
            name
            for name in self.names
            if name.table_id in commit.written
            and name.holds(commit.snapshot)
            and self.switches.at(name.dataset, commit.snapshot).enabled
        ]

    def _row_events(
        self, cursor: LakeCursor, stretch: Sequence[Commit], sealing: Sealing, failures: int
    ) -> Iterator[list[Event]]:
        tables = dict.fromkeys(name for commit in stretch for name in self._written(commit))
        for name in tables:
            own = [commit for commit in stretch if name in self._written(commit)]
            for switch, group in itertools.groupby(own, lambda c, d=name.dataset: self.switches.at(d, c.snapshot)):  # type: ignore[misc]
                commits = list(group)
                try:
                    yield from row_events(cursor, commits, name, switch, sealing)
                except Exception as error:
                    if failures + 1 < (REFUSALS_MAX if isinstance(error, SqlError) else FAILURES_MAX):
                        raise
                    yield [_unread(name, commits, error)]


def _unread(name: Name, commits: Sequence[Commit], error: Exception) -> Event:
    first, last = commits[0], commits[-1]
    _log.error(
        "changes can't be journalled", dataset=name.dataset, first=first.snapshot, last=last.snapshot, error=str(error)
    )
    detail = f"changes of snapshots {first.snapshot} to {last.snapshot} can't be read"
    return table_event(name.dataset, "gap", detail, None, None, last.occurred_at, last.snapshot)
