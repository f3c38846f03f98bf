"""What is different between the columns of a table and those of new data. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.evolution.types import assignable, type_text, widened
from server.sql.letter_case import folded
from server.sql.type_names import TypeName, parse


@dataclass(frozen=True)
class Column:
    name: str
    type: TypeName

    @classmethod
    def of(cls, name: str, type_name: str) -> "Column":
        """type_name: as DESCRIBE prints it. Raises Unsupported for one that can't be read."""
        return cls(name, parse(type_name))

    @property
    def key(self) -> str:
        """What tells names apart: letter case does not."""
        return folded(self.name)

    @property
    def type_text(self) -> str:
        return type_text(self.type)


@dataclass(frozen=True)
class Pair:
    """A column of the table and the one of the new data that has its name."""

    table: Column
    new: Column


@dataclass(frozen=True)
class Diff:
    """added: only the new data have it. missing: only the table has it. widened: with the type that takes the values of
    both. unsure: no type that DuckLake alters to does; its values tell whether it fits. recased: named in other letter
    case. reordered: what both have stands in another order."""

    added: tuple[Column, ...]
    missing: tuple[Column, ...]
    widened: tuple[tuple[Pair, TypeName], ...]
    unsure: tuple[Pair, ...]
    recased: tuple[Pair, ...]
    reordered: bool

    @property
    def fits(self) -> bool:
        """The rows can go into the table as it is."""
        return not (self.added or self.widened or self.unsure)


def compare(table: Sequence[Column], new: Sequence[Column]) -> Diff:
    """Columns are matched by name. No name may come twice in either, letter case aside."""
    there, arriving = {column.key: column for column in table}, {column.key: column for column in new}
    pairs = [Pair(column, arriving[column.key]) for column in table if column.key in arriving]
    changed = [pair for pair in pairs if not assignable(pair.new.type, pair.table.type)]
    types = [(pair, widened(pair.table.type, pair.new.type)) for pair in changed]
    return Diff(
        added=tuple(column for column in new if column.key not in there),
        missing=tuple(column for column in table if column.key not in arriving),
        widened=tuple((pair, kind) for pair, kind in types if kind is not None),
        unsure=tuple(pair for pair, kind in types if kind is None),
        recased=tuple(pair for pair in pairs if pair.table.name != pair.new.name),
        reordered=[pair.table.key for pair in pairs] != [column.key for column in new if column.key in there],
    )
