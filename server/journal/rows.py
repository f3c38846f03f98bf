"""A table's changes of rows out of DuckLake's change feed, as sealed events.

`table_changes` itself is not used: it takes an update that follows a new column for an insert. An insert and a deletion
of the same row in the same commit are an update; where they are equal, the row is as it was, or was never seen.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from server.engine.cursor import LakeCursor
from server.journal.commits import SQL, Commit, Name
from server.journal.event import Event
from server.journal.sealing import Sealing, Values, row_entity
from server.journal.switches import Switch, entity_column
from server.sql.quoting import identifier, literal

READ_ROWS = 8192
EVENTS_AT_ONCE = 20_000
INSERT, UPDATE, DELETE = "insert", "update", "delete"

_Row = tuple[str | None, str]  # entity, the row as JSON
_Group = tuple[int, int | None, list[_Row], list[_Row]]  # snapshot, row number, what came, what went


@dataclass(frozen=True)
class Change:
    """A mutation, not sealed yet."""

    snapshot: int
    row_id: int | None
    kind: str
    field: str | None
    values: Values


def row_events(
    cursor: LakeCursor, commits: Sequence[Commit], name: Name, switch: Switch, sealing: Sealing
) -> Iterator[list[Event]]:
    """The changes of a table in these commits, by snapshot. Between them its columns stay the same.

    Raises SqlError for commits that DuckLake doesn't have any more, Unavailable if a file can't be read.
    """
    by_snapshot = {commit.snapshot: commit for commit in commits}
    groups = _groups(_rows(cursor, name, switch, commits))
    # Between them a compaction may have written rows anew, which is no change.
    changes = itertools.chain.from_iterable(_changes(group) for group in groups if group[0] in by_snapshot)
    while some := list(itertools.islice(changes, EVENTS_AT_ONCE)):
        yield _sealed(some, by_snapshot, name.dataset, sealing)


def _rows(cursor: LakeCursor, name: Name, switch: Switch, commits: Sequence[Commit]) -> Iterator[tuple[Any, ...]]:
    place = {"schema": literal(name.schema), "table": literal(name.table)}
    last = commits[-1].snapshot
    columns = [str(row[0]) for row in cursor.rows(SQL["columns"].format(last=last, **place))]
    own = {column.lower(): identifier(column) for column in columns}
    # A column of the table's own hides DuckLake's of the same name.
    row_id = "NULL::BIGINT" if "rowid" in own else "rowid"
    column = entity_column(cursor, name.table_id, switch, last)
    entity = f"{own.get((column or '').lower(), 'NULL')}::VARCHAR"
    cells = ", ".join(f"{literal(column)}, {identifier(column)}::VARCHAR" for column in columns)
    parts = {"row_id": row_id, "entity": entity, "row": f"json_object({cells})::VARCHAR"} | place
    spans = [(commits[0].snapshot, last, "snapshot_id")]
    if "snapshot_id" in own:
        spans = [(commit.snapshot, commit.snapshot, f"{commit.snapshot}::BIGINT") for commit in commits]
    # A bulk load alone needs no sorting, which would hold all of it in memory.
    bulk = len(commits) == 1 and name.table_id not in commits[0].deleted
    for first, through, snapshot in spans:
        text = SQL["insertions" if bulk else "changes"].format(first=first, last=through, snapshot=snapshot, **parts)
        for batch in cursor.execute(text).reader(READ_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _groups(rows: Iterable[tuple[Any, ...]]) -> Iterator[_Group]:
    """What a commit did to a row in all."""
    for (snapshot, row_id), group in itertools.groupby(rows, itemgetter(0, 1)):
        sides: tuple[list[_Row], list[_Row]] = ([], [])
        for _, _, entity, text, came in group:
            sides[came].append((entity, text))
        went, came_rows = sides
        if went and came_rows:
            came_rows, went = _without(came_rows, went), _without(went, came_rows)
        yield snapshot, row_id, came_rows, went


def _without(rows: list[_Row], others: list[_Row]) -> list[_Row]:
    return list((Counter(rows) - Counter(others)).elements())


def _changes(group: _Group) -> Iterator[Change]:
    snapshot, row_id, came, went = group
    if row_id is not None and len(came) == len(went) == 1 and came[0][0] == went[0][0]:
        entity = came[0][0]
        before, after = json.loads(went[0][1]), json.loads(came[0][1])
        for field, value in after.items():
            if before.get(field) != value:
                yield Change(snapshot, row_id, UPDATE, field, Values(entity, before.get(field), value))
        return
    for entity, text in went:
        yield Change(snapshot, row_id, DELETE, None, Values(entity, text, None))
    for entity, text in came:
        yield Change(snapshot, row_id, INSERT, None, Values(entity, None, text))


def _entity(change: Change) -> str:
    return row_entity(change.row_id) if change.values.entity is None else change.values.entity


def _sealed(changes: list[Change], commits: dict[int, Commit], dataset: str, sealing: Sealing) -> list[Event]:
    subjects = [sealing.subject(dataset, _entity(change)) for change in changes]
    sealed = sealing.seal([(subject, change.values) for subject, change in zip(subjects, changes, strict=True)])
    events = []
    for change, subject, seal in zip(changes, subjects, sealed, strict=True):
        commit = commits[change.snapshot]
        events.append(
            Event(
                dataset,
                subject.hex(),
                change.kind,
                change.field,
                None,
                commit.author,
                commit.message,
                None,
                commit.occurred_at,
                change.snapshot,
                change.row_id,
                seal.key_number,
                seal.data,
            )
        )
    return events
