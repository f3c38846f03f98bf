"""Where a value comes from, and what was done to it on the way: the words are OpenLineage's."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """What a source column does for a target. The first three let its values through; the others decide which rows or
    values there are, and in what order."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    FILTER = "FILTER"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"

    @property
    def direct(self) -> bool:
        return self in _DIRECT


_DIRECT = (How.IDENTITY, How.TRANSFORMATION, How.AGGREGATION)  # each hides the ones before it


class Unresolved(Exception):
    """The columns of a query can't be told for certain. The caller falls back to whole tables."""


@dataclass(frozen=True)
class Table:
    """A table, view or file, under the name that it had. id: DuckLake's; None where that is known only once the
    transaction has committed, and for files. kind: 'table', 'view', 'file' or 'temporary'."""

    schema: str
    name: str
    id: int | None = None
    kind: str = "table"


@dataclass(frozen=True)
class Origin:
    """column_id: DuckLake's, where `table` has an id and is no view."""

    table: Table
    column: str
    column_id: int | None
    how: How


Origins = frozenset[Origin]
NONE: Origins = frozenset()


def through(how: How, origins: Iterable[Origin]) -> Origins:
    """What comes out when something is done to values of these origins. What only decided stays what it was."""
    return frozenset(Origin(o.table, o.column, o.column_id, _combined(how, o.how)) for o in origins)


def union(many: Iterable[Origins]) -> Origins:
    return frozenset().union(*many)


def _combined(outer: How, inner: How) -> How:
    if not inner.direct:
        return inner
    if not outer.direct:
        return outer
    return max(outer, inner, key=_DIRECT.index)
