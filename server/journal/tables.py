"""What happened to tables as a whole: DROP and CREATE OR REPLACE take rows away that no change feed tells of."""

from collections.abc import Iterator, Sequence

from server.journal.commits import Commit, Name
from server.journal.event import Event
from server.journal.switches import Switch, Switches


def table_event(
    dataset: str | None,
    change: str,
    detail: str | None,
    actor: str | None,
    source: str | None,
    occurred_at: int,
    snapshot: int | None,
) -> Event:
    return Event(dataset, None, change, None, detail, actor, source, None, occurred_at, snapshot, None, None, None)


def table_events(commit: Commit, names: Sequence[Name], switches: Switches) -> Iterator[Event]:
    """The events of one commit: what it did to tables, and whose rows it changed where these are not journalled."""
    for dataset, change, detail in (*_happened(commit, names), *_written(commit, names, switches)):
        if switches.tell(dataset, commit.snapshot):
            yield table_event(
                dataset, change, detail, commit.author, commit.message, commit.occurred_at, commit.snapshot
            )


def _written(commit: Commit, names: Sequence[Name], switches: Switches) -> Iterator[tuple[str, str, str | None]]:
    for name in names:
        inserted, deleted = name.table_id in commit.inserted, name.table_id in commit.deleted
        if not (inserted or deleted) or not name.holds(commit.snapshot):
            continue
        if not switches.at(name.dataset, commit.snapshot).enabled:
            done = "inserted and deleted" if inserted and deleted else "inserted" if inserted else "deleted"
            yield name.dataset, "write", f"rows {done}"


def switch_event(switch: Switch) -> Event:
    change = "journal_on" if switch.enabled else "journal_off"
    return table_event(
        switch.dataset, change, None, switch.actor, "set_journal", switch.changed_at, switch.from_snapshot + 1
    )


def renamed(commit: Commit, names: Sequence[Name]) -> Iterator[tuple[Name, Name]]:
    """Old and new name of each table that the commit renamed."""
    begun = {name.table_id: name for name in names if name.begin == commit.snapshot}
    for name in names:
        if name.end == commit.snapshot and name.table_id in begun and name.dataset != begun[name.table_id].dataset:
            yield name, begun[name.table_id]


def _happened(commit: Commit, names: Sequence[Name]) -> Iterator[tuple[str, str, str | None]]:
    """Dataset, change and its detail."""
    begun = [name for name in names if name.begin == commit.snapshot]
    ended = [name for name in names if name.end == commit.snapshot]
    kept = {name.table_id for name in begun} & {name.table_id for name in ended}
    made = {name.dataset.lower() for name in begun if name.table_id not in kept}
    gone = {name.dataset.lower() for name in ended if name.table_id not in kept}
    for old, new in renamed(commit, names):
        yield old.dataset, "rename", f"to {new.dataset}"
        yield new.dataset, "rename", f"from {old.dataset}"
    for name in ended:
        if name.table_id not in kept:
            yield name.dataset, "replace" if name.dataset.lower() in made else "drop", None
    for name in begun:
        if name.table_id not in kept and name.dataset.lower() not in gone:
            yield name.dataset, "create", None
    for name in names:
        if name.table_id in commit.altered and name.holds(commit.snapshot):
            yield name.dataset, "alter", None
