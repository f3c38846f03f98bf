"""The steps of a migration, and the SQL of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from server.evolution.diff import Diff
from server.evolution.renames import Rename
from server.evolution.types import type_text
from server.sql.letter_case import folded
from server.sql.quoting import identifier

Kind = Literal["add", "widen", "retype", "rename", "drop"]
SAFE = frozenset({"add", "widen"})
CONVERTED = "__converted_{}"  # a column on its way to another type; no table keeps it


@dataclass(frozen=True)
class Rule:
    """add: a column that may be NULL. widen: to a type that holds all values of both sides. retype: to the new data's
    type, in which values of the table may be lost. rename: to new_name. drop: with all its values.

    confidence: that it is what the new data mean, 0 to 1. affected_rows, lost_values: of the table, for a retype or
    drop: values that become NULL or another value. arriving_lost_values: of the new data, were the column left as it
    is; 0 also where that was not looked at.
    """

    kind: Kind
    column: str
    type: str
    new_type: str = ""
    new_name: str = ""
    confidence: float = 1.0
    affected_rows: int = 0
    lost_values: int = 0
    arriving_lost_values: int = 0

    @property
    def is_safe(self) -> bool:
        return self.kind in SAFE

    def identity(self) -> tuple[str, ...]:
        """What makes it the same rule again."""
        return (self.kind, folded(self.column), self.type, self.new_type, folded(self.new_name))

    def told(self) -> str:
        """In words, as errors and people say it."""
        match self.kind:
            case "add":
                return f"add {self.column} {self.type}"
            case "rename":
                return f"rename {self.column} to {self.new_name} (confidence {self.confidence:.2f})"
            case "widen":
                return f"widen {self.column} from {self.type} to {self.new_type}"
        lost = f"{self.lost_values} of its values would be lost"
        if self.kind == "drop":
            return f"drop {self.column} ({lost})"
        if self.arriving_lost_values:
            lost += f"; as it is {self.arriving_lost_values} new values would be"
        return f"retype {self.column} from {self.type} to {self.new_type} ({lost})"

    def statements(self, table: str) -> list[str]:
        """table: its full name, SQL text."""
        column = identifier(self.column)
        match self.kind:
            case "add":
                return [f"ALTER TABLE {table} ADD COLUMN {column} {self.type}"]
            case "rename":
                return [f"ALTER TABLE {table} RENAME COLUMN {column} TO {identifier(self.new_name)}"]
            case "drop":
                return [f"ALTER TABLE {table} DROP COLUMN {column}"]
        if self.kind == "widen":
            return [f"ALTER TABLE {table} ALTER COLUMN {column} SET DATA TYPE {self.new_type}"]
        converted = identifier(CONVERTED.format(self.column))
        return [
            f"ALTER TABLE {table} ADD COLUMN {converted} {self.new_type}",
            f"UPDATE {table} SET {converted} = TRY_CAST({column} AS {self.new_type})",
            f"ALTER TABLE {table} DROP COLUMN {column}",
            f"ALTER TABLE {table} RENAME COLUMN {converted} TO {column}",
        ]

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", 0) or name == "lost_values"}


def safe_rules(diff: Diff, renames: Sequence[Rename] = ()) -> list[Rule]:
    """What may be done without asking."""
    renamed = {rename.new.key for rename in renames}
    added = [Rule("add", column.name, column.type_text) for column in diff.added if column.key not in renamed]
    widened = [Rule("widen", pair.table.name, pair.table.type_text, type_text(kind)) for pair, kind in diff.widened]
    return added + widened


def asked_rules(diff: Diff, renames: Sequence[Rename], losses: "Mapping[str, Loss]") -> list[Rule]:
    """What a person decides. losses: of the unsure columns that do not fit, by key."""
    renaming = [
        Rule("rename", each.old.name, each.old.type_text, new_name=each.new.name, confidence=each.confidence)
        for each in renames
    ]
    retyping = [
        Rule(
            "retype",
            pair.table.name,
            pair.table.type_text,
            pair.new.type_text,
            affected_rows=losses[pair.table.key].rows,
            lost_values=losses[pair.table.key].table_values,
            arriving_lost_values=losses[pair.table.key].new_values,
        )
        for pair in diff.unsure
        if pair.table.key in losses
    ]
    return renaming + retyping


def trials(rules: Iterable[Rule], table: str) -> list[str]:
    """What tells which views would break; another type of a column breaks few, and takes long to try. table: its full
    name, SQL text."""
    return [s for rule in rules if rule.kind in ("rename", "drop") for s in rule.statements(table)]


@dataclass(frozen=True)
class Loss:
    """rows: of the table. table_values: of its values that the new type does not hold. new_values: the other way."""

    rows: int
    table_values: int
    new_values: int
