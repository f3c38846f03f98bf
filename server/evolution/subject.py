"""What a chat model is asked about: where new data differ from their table, told without a value of either."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from server.engine.cursor import LakeCursor
from server.errors import InvalidArgument
from server.evolution.deciding import Decision, find
from server.evolution.diff import Column, Diff, Pair, compare
from server.evolution.fitting import COLUMNS_ASKED_MAX
from server.evolution.looking import Statistics, columns_of, statistics
from server.evolution.recording import SQL
from server.evolution.rules import Rule
from server.sql.letter_case import folded


@dataclass(frozen=True)
class Described:
    """A column in words and counts. nullable, description: None where nobody knows. statistics: likewise."""

    column: Column
    nullable: bool | None = None
    description: str | None = None
    statistics: Statistics | None = None


@dataclass(frozen=True)
class Subject:
    """missing: columns of the table that the new data lack. added: those that only the new data have. retyped: those
    of both whose values do not fit, with what the new data call theirs."""

    decision: Decision
    source: str
    columns: tuple[Column, ...]
    arriving: tuple[Column, ...]
    described: dict[str, Described]
    arriving_statistics: dict[str, Statistics]

    @cached_property
    def diff(self) -> Diff:
        return compare(self.columns, self.arriving)

    @cached_property
    def rules(self) -> list[Rule]:
        """Those of the proposal."""
        return self.decision.rules

    @property
    def missing(self) -> tuple[Column, ...]:
        return self.diff.missing

    @property
    def added(self) -> tuple[Column, ...]:
        return self.diff.added

    @property
    def retyped(self) -> tuple[Pair, ...]:
        proposed = {folded(rule.column) for rule in self.rules if rule.kind == "retype"}
        return tuple(pair for pair in self.diff.unsure if pair.table.key in proposed)

    def check_choice(self) -> None:
        """Raises InvalidArgument where there is nothing to choose, or too much."""
        named = f"migration {self.decision.proposal_id}"
        if not ((self.missing and self.added) or self.retyped):
            raise InvalidArgument(f"{named} leaves a model no choice: no column of it may be another one renamed")
        count = len(self.missing) + len(self.added) + len(self.retyped)
        if count > COLUMNS_ASKED_MAX:
            raise InvalidArgument(f"{named} differs in {count} columns, a model is asked about {COLUMNS_ASKED_MAX}")


def subject_of(cursor: LakeCursor, proposal_id: str) -> Subject:
    """Raises NotFound, and InvalidArgument for a proposal that is decided, a model's, stale, or leaves no choice."""
    decision = find(cursor, proposal_id)
    decision.check("proposed", "rejected")
    decision.check_fresh(cursor)
    [(arriving, counts, source, based_on)] = cursor.rows(SQL["arriving"], [proposal_id])
    if based_on is not None:
        raise InvalidArgument(f"migration {proposal_id} is a model's already: ask about migration {based_on}")
    new = tuple(Column.of(name, kind) for name, kind in json.loads(arriving).items())
    told = {key: Statistics(**each) for key, each in json.loads(counts or "{}").items()}
    columns = tuple(columns_of(cursor, decision.full))
    subject = Subject(decision, str(source), columns, new, {}, told)
    subject.check_choice()
    return Subject(decision, str(source), columns, new, _described(cursor, subject), told)


def _described(cursor: LakeCursor, subject: Subject) -> dict[str, Described]:
    """The table's columns that are asked about, by key."""
    wanted = [*subject.missing, *(pair.table for pair in subject.retyped)]
    counts = statistics(cursor, subject.decision.full, wanted)
    rows: list[tuple[Any, ...]] = cursor.rows(SQL["described"], [subject.decision.dataset])
    said: dict[str, tuple[bool | None, str | None]] = {folded(name): (null, text) for name, null, text in rows}
    return {column.key: Described(column, *said.get(column.key, (None, None)), counts[column.key]) for column in wanted}
