"""Entities taken out of the journal: the keys that seal what it tells of them, destroyed; and what can still be opened.

An entity's values may be sealed as those of its rows: from before its dataset had a key column, or after it lost it.
And they may be sealed for the name that its dataset had then. All of them are found here.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.journal.commits import SQL
from server.journal.sealing import Sealing, Values, row_entity

READ_ROWS = 10_000
SUBJECTS = "journal_subjects"
FROM = "from "  # in the detail of a rename, before the old name


@dataclass(frozen=True, slots=True)
class Opened:
    """An event that can be read. of_row: it is sealed for its row, not for an entity that has a key."""

    sequence: int
    dataset: str
    subject: bytes
    field: str | None
    of_row: bool
    values: Values

    def names(self, column: str | None, entities: Collection[str]) -> bool:
        """Whether it is of one of the entities, or holds the key of one in that column."""
        return self.values.entity in entities or (
            column is not None and any(key in entities for key in self._cells(column))
        )

    def _cells(self, column: str) -> Iterator[str]:
        texts = [text for text in (self.values.old, self.values.new) if text is not None]
        if self.field is not None:
            yield from texts if self.field.lower() == column.lower() else ()
            return
        for text in texts:
            yield from _cells(text, column)


def names_of(cursor: LakeCursor, dataset: str) -> list[str]:
    """What the journal calls a dataset: its name, and those that it had before it was renamed."""
    renames = [(new.lower(), detail.removeprefix(FROM)) for new, detail in cursor.rows(SQL["renames"])]
    names = {dataset.lower(): dataset}
    while more := {old.lower(): old for new, old in renames if new in names and old.lower() not in names}:
        names |= more
    return list(names.values())


def opened(cursor: LakeCursor, sealing: Sealing, datasets: Sequence[str] | None = None) -> Iterator[Opened]:
    """Every event whose values can be read, of these datasets or of all; nothing else runs on the cursor meanwhile."""
    wanted = None if datasets is None else [name.lower() for name in datasets]
    for batch in cursor.execute(SQL["sealed"], {"datasets": wanted}).reader(READ_ROWS):
        for sequence, dataset, entity_hmac, field, row_id, number, sealed in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            subject = bytes.fromhex(entity_hmac)
            values, _ = sealing.open(subject, number, sealed)
            if values is not None:
                of_row = row_id is not None and sealing.subject(dataset, row_entity(row_id)) == subject
                yield Opened(sequence, dataset, subject, field, of_row, values)


def destroy(cursor: LakeCursor, sealing: Sealing, dataset: str, entities: Collection[str], column: str | None) -> int:
    """Destroy every key that seals values of these entities; how many there were. column: holds their keys.

    Raises LogUnavailable if the keys can't be written: call it again.
    """
    names = names_of(cursor, dataset)
    subjects = {sealing.subject(name, entity) for name in names for entity in entities}
    rows = {(event_dataset, row) for event_dataset, row, _ in _places(cursor, subjects) if row is not None}
    subjects |= {sealing.subject(event_dataset, row_entity(row)) for event_dataset, row in rows}
    if column is not None:
        found = opened(cursor, sealing, names)
        subjects |= {event.subject for event in found if event.of_row and event.names(column, entities)}
    numbers = {number for _, _, number in _places(cursor, subjects)}
    return sealing.keys.destroy(subjects, numbers)


def _places(cursor: LakeCursor, subjects: Iterable[bytes]) -> Iterator[tuple[str, int | None, int]]:
    """Dataset, row and key number of what was sealed for these subjects."""
    table = pa.table({"entity_hmac": pa.array([subject.hex() for subject in subjects], pa.string())})
    cursor.register(SUBJECTS, table)
    try:
        for batch in cursor.execute(SQL["places"]).reader(READ_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    finally:
        cursor.discard()
        cursor.unregister(SUBJECTS)


def _cells(text: str, column: str) -> Iterator[str]:
    """The column's value in a row, which is JSON of texts."""
    try:
        cells = json.loads(text)
    except ValueError:  # an event from outside need not hold a row
        return
    if isinstance(cells, dict):
        yield from (value for name, value in cells.items() if name.lower() == column.lower() and isinstance(value, str))
