"""Which datasets are journalled, from which commit on, and by which column their entities are named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER
from server.journal.commits import SQL


@dataclass(frozen=True)
class Switch:
    """It holds for commits after from_snapshot. entity_column: None for rows by their
    number. changed_at: see Event."""

    dataset: str
    enabled: bool
    entity_column: str | None
    from_snapshot: int
    actor: str
    changed_at: int


def entity_column(cursor: LakeCursor, table_id: int, switch: Switch, snapshot: int) -> str | None:
    """What the switch's column is called at that snapshot; None if there is none."""
    if switch.entity_column is None:
        return None
    chosen = {"name": switch.entity_column, "chosen": switch.from_snapshot}
    found = cursor.rows(SQL["entity_column"], chosen | {"table_id": table_id, "snapshot": snapshot})
    return str(found[0][0]) if found else None


class Switches:
    """rows: of query `switches`. default: the setting journal_default. keys: dataset, in small letters → the
    column that names its entities where set_journal was told none."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], default: str, keys: Mapping[str, str]) -> None:
        self.all = [Switch(*row) for row in rows]
        self._default, self._keys = default, keys

    def at(self, dataset: str, snapshot: int) -> Switch:
        """What holds for a commit."""
        holding = Switch(dataset, self._default == "rows", None, 0, "", 0)
        for switch in self.all:
            same = switch.dataset.lower() == dataset.lower()
            if same and holding.from_snapshot <= switch.from_snapshot < snapshot:
                holding = switch
        key = self._keys.get(dataset.lower())
        return replace(holding, entity_column=key) if key and holding.entity_column is None else holding

    def tell(self, dataset: str, snapshot: int) -> bool:
        """Whether the journal says at all that a commit changed the dataset."""
        return self._default != "off" or self.at(dataset, snapshot).enabled

    def knows(self, dataset: str) -> bool:
        return any(switch.dataset.lower() == dataset.lower() for switch in self.all)

    def carry(self, cursor: LakeCursor, table_id: int, dataset: str, new_name: str, snapshot: int) -> Switch:
        """What holds for a dataset holds for its new name, from the commit on that renamed it."""
        known = self.at(dataset, snapshot)
        column = entity_column(cursor, table_id, known, snapshot - 1)
        carried = Switch(new_name, known.enabled, column, snapshot - 1, SERVER, 0)
        self.all.append(carried)
        return carried

    def any(self, snapshot: int) -> bool:
        """Whether anything may be journalled of a commit."""
        latest = {s.dataset.lower(): s.enabled for s in self.all if s.from_snapshot < snapshot}
        return self._default != "off" or any(latest.values())

    def made_within(self, after: int, through: int) -> list[Switch]:
        """Those whose first commit is one of these."""
        return [s for s in self.all if after < s.from_snapshot + 1 <= through]
