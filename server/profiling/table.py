"""A table as a profile reads it: at one snapshot, its columns and the members of its structs one after another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.errors import NotFound
from server.profiling.measures import Axis, Measures, measures_of
from server.sql.quoting import literal, qualified

SQL = named_queries("queries/profiling.sql")


@dataclass(frozen=True)
class Leaf:
    """A column, or a member of a struct. type: DuckLake's. sql: its value, over the names of `TableAt.relation`.

    low, high: numbers, or seconds since 1970, that its values lie between, by the catalog's bounds of files. They may
    be too wide, of rows that are deleted; None if nothing is known.
    """

    column_id: int
    path: str
    type: str
    sql: str
    measures: Measures
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class TableAt:
    """rows: as the catalog counts them. width: the number of its columns, members not counted."""

    dataset: Dataset
    table_id: int
    snapshot: int
    rows: int
    width: int
    leaves: tuple[Leaf, ...]

    @property
    def relation(self) -> str:
        """SQL text, as follows FROM. Its columns are called c0, c1 and so on, so that none of them hides rowid."""
        name = qualified(LAKE, self.dataset.schema, self.dataset.table)
        names = ", ".join(f"c{number}" for number in range(self.width))
        return f"{name} AS f({names}) AT (VERSION => {self.snapshot})"


def table_at(cursor: LakeCursor, dataset: Dataset) -> TableAt:
    """The table as the open transaction sees it. Raises NotFound if it was dropped meanwhile."""
    snapshot = int(cursor.rows(SQL["snapshot"])[0][0])
    place = {"schema": dataset.schema, "table": dataset.table, "snapshot": snapshot}
    found = cursor.rows(SQL["table"], place)
    if not found:
        raise NotFound(f"dataset {dataset.name} is gone")
    table_id, rows = found[0]
    known = {"table_id": table_id, "snapshot": snapshot}
    columns = cursor.rows(SQL["columns"], known)
    bounds = {int(row[0]): tuple(row[1:]) for row in cursor.rows(SQL["bounds"], known)}
    leaves = tuple(leaves_of(columns, bounds))
    width = sum(parent is None for *_, parent in columns)
    return TableAt(dataset, int(table_id), snapshot, int(rows), width, leaves)


def leaves_of(columns: Sequence[tuple[Any, ...]], bounds: dict[int, tuple[Any, ...]]) -> Iterable[Leaf]:
    """columns: (column_id, name, type, parent) in their order. bounds: column_id → low and high as numbers, low and
    high as seconds. A struct comes before its members."""
    parts: dict[int | None, list[tuple[Any, ...]]] = {}
    for column in columns:
        parts.setdefault(column[3], []).append(column)

    def below(column: tuple[Any, ...], path: str, sql: str) -> Iterable[Leaf]:
        number, _, kind, _ = column
        measures = measures_of(str(kind))
        low, high = _bounds(measures, bounds.get(int(number)))
        yield Leaf(int(number), path, str(kind), sql, measures, low, high)
        if kind == "struct":
            for part in parts.get(number, []):
                name = str(part[1])
                yield from below(part, f"{path}.{name}", f"struct_extract({sql}, {literal(name)})")

    for position, column in enumerate(parts.get(None, [])):
        yield from below(column, str(column[1]), f"c{position}")


def _bounds(measures: Measures, found: tuple[Any, ...] | None) -> tuple[float | None, float | None]:
    if measures.axis is None or found is None:
        return None, None
    low, high = found[2:] if measures.axis is Axis.TIME else found[:2]
    return (None, None) if low is None or high is None else (float(low), float(high))
