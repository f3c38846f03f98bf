"""What was made from a dataset or a column, however many steps away. The views and macros of the catalog say the same
in SQL; these are for other parts of the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.lineage.recording import SQL


@dataclass(frozen=True)
class Dependent:
    """A dataset, view or index below another dataset. column: None for all of it. kind: of the last step: 'table',
    'view' or 'index'. direct: values flow into it, all the way. reads: only views and indexes are between, so
    that it reads the dataset still; otherwise it holds copies of its own."""

    dataset: str
    column: str | None
    kind: str
    transformation: str | None
    direct: bool
    reads: bool


@dataclass(frozen=True)
class Derived:
    """direct: values flow into it, as far as is known; False where only what they decided does."""

    dataset: str
    kind: str
    direct: bool


class Grade(IntEnum):
    """What becomes of values on their way. SEVERAL: computed from several rows, or not known."""

    SAME = 0
    COMPUTED = 1
    SEVERAL = 2


@dataclass(frozen=True)
class Flow:
    """Values that flow into a table. source_column, column: None where not known. grade: of all steps together."""

    dataset: Dataset
    source_column: str | None
    column: str | None
    grade: Grade


def flows_from(cursor: LakeCursor, names: Sequence[str]) -> list[Flow]:
    """Into every table, however many steps away. Ends on circles; what is gone is passed through and not listed. names:
    of the dataset, and of what else shows its rows."""
    rows = cursor.rows(SQL["flows"], {"names": [name.lower() for name in names]})
    return [
        Flow(Dataset(schema, table, "table"), source, column, Grade(grade))
        for schema, table, source, column, grade in rows
    ]


def dependents_of_column(cursor: LakeCursor, dataset: str, column: str | None) -> list[Dependent]:
    """What depends on a column, or for None on any column of the dataset. Ends on circles; what is gone is passed
    through and not listed. dataset: schema-qualified outside main, in any letter case."""
    rows = cursor.rows(SQL["downstream"], {"dataset": dataset, "column": column})
    return [Dependent(*row) for row in rows]


def derived_datasets(cursor: LakeCursor, dataset: str) -> list[Derived]:
    """Every dataset, view and index that may hold or show what came from this dataset, itself left out. Where columns
    are not known values are taken to flow."""
    found: dict[str, Derived] = {}
    for dependent in dependents_of_column(cursor, dataset, None):
        if dependent.dataset.lower() == dataset.lower() and dependent.kind != "index":
            continue
        key = f"{dependent.kind == 'index'} {dependent.dataset.lower()}"
        flows = dependent.direct or dependent.transformation is None
        before = found.get(key)
        direct = flows or (before is not None and before.direct)
        found[key] = Derived(dependent.dataset, before.kind if before else dependent.kind, direct)
    return sorted(found.values(), key=lambda derived: (derived.dataset.lower(), derived.kind))
