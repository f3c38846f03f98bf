"""Brings all copies from one snapshot of the lake to its newest, in one transaction: a reader sees all of it or none.

So the copies together always equal the lake at one snapshot, and two tables that one commit wrote never come apart.
"""

from collections.abc import Mapping, Sequence

from server.cache.copying import SQL, Copying
from server.cache.lake_changes import ROWS, LakeChanges, changes_since
from server.cache.pin import Changed, Copy, Pin
from server.engine.cursor import LakeCursor
from server.errors import Cancelled, LakehouseError


class CopyFailed(LakehouseError):
    """One pin's copy can't be had; the others can."""

    def __init__(self, pin: Pin, error: LakehouseError) -> None:
        super().__init__(str(error))
        self.pin, self.error = pin, error


class Following:
    """One at a time."""

    def __init__(self, copying: Copying, bytes_max: int) -> None:
        self._copying = copying
        self._bytes_max = bytes_max

    def run(self, cursor: LakeCursor, pins: Sequence[Pin], since: int, wanted: Pin | None) -> Changed:
        """Follow and commit. since: the snapshot that the copies equal. wanted: whose copy is made in any case, and for
        which others give way first.

        Raises CopyFailed, and then nothing is done.
        """
        cursor.execute("BEGIN")
        try:
            snapshot = int(cursor.rows(SQL["snapshot"])[0][0])
            changes = _changes(cursor, pins, since, snapshot)
            changed = Changed(snapshot, changes.names or not changes.complete)
            for pin in pins:
                try:
                    self._bring(cursor, pin, since, changes, pin is wanted, changed)
                except Cancelled:
                    raise
                except LakehouseError as error:
                    raise CopyFailed(pin, error) from error
            self._make_room(cursor, pins, wanted, changed)
            cursor.execute("COMMIT")
            return changed
        except BaseException:
            cursor.roll_back()
            raise

    def _bring(
        self, cursor: LakeCursor, pin: Pin, since: int, changes: LakeChanges, anew: bool, changed: Changed
    ) -> None:
        table_id = _table_id(cursor, pin, changed.snapshot)
        if table_id is None:
            self._copying.drop(cursor, pin, pin.copy)
            changed.copies[pin.key] = None
            changed.reasons[pin.key] = "there is no such table now"
            return
        copy = pin.copy
        if copy is not None and copy.table_id == table_id and changes.complete and not anew:
            kinds = changes.kinds.get(table_id, frozenset())
            if not kinds:
                return
            if kinds <= ROWS:
                deletes = "deleted_from_table" in kinds
                followed = self._copying.follow(cursor, pin, copy, since, changed.snapshot, deletes)
                if followed is not None:
                    changed.copies[pin.key] = followed
                    return
        if copy is not None or anew or pin.reason is None or changes.may_touch(table_id):
            made = self._copying.make(cursor, pin, table_id)
            changed.copies[pin.key] = made
            changed.schema |= copy is not None and copy.columns != made.columns

    def _make_room(self, cursor: LakeCursor, pins: Sequence[Pin], wanted: Pin | None, changed: Changed) -> None:
        """Drop copies until the others fit: one that has grown too large for itself, then those least recently used."""

        def copy_of(pin: Pin) -> Copy | None:
            return changed.copies.get(pin.key, pin.copy)

        held = [(pin, copy) for pin in pins if (copy := copy_of(pin)) is not None]
        held.sort(key=lambda one: (one[0] is wanted, one[1].byte_count <= self._bytes_max, one[0].used_at))
        total = sum(copy.byte_count for _, copy in held)
        for pin, copy in held:
            if total <= self._bytes_max:
                return
            total -= copy.byte_count
            self._copying.drop(cursor, pin, copy)
            changed.copies[pin.key] = None
            changed.evicted.append(pin)


def _changes(cursor: LakeCursor, pins: Sequence[Pin], since: int, snapshot: int) -> LakeChanges:
    """Not asked before there is anything to follow: a lake may have a long history."""
    if all(pin.copy is None and pin.reason is None for pin in pins):
        return LakeChanges.unknown(snapshot)
    return changes_since(cursor, since, snapshot)


def _table_id(cursor: LakeCursor, pin: Pin, snapshot: int) -> int | None:
    values: Mapping[str, object] = {"schema": pin.schema, "table": pin.table, "snapshot": snapshot}
    rows = cursor.rows(SQL["table_id"], values)
    return int(rows[0][0]) if rows else None
