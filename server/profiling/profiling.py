"""Profiles a table: its columns in few statements, each of which reads its own columns once, all at one snapshot."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.errors import SqlError
from server.profiling.aggregates import CHOSEN, aggregates, counted, profile_of
from server.profiling.edges import edges_of
from server.profiling.measures import COUNTED
from server.profiling.personal import is_withheld
from server.profiling.profile import SAMPLE_ROWS, ColumnProfile, TableProfile
from server.profiling.table import Leaf, TableAt, table_at

COLUMNS_AT_ONCE = 32  # with ten aggregates each: DuckDB takes longer per column for fewer and for more
_HASHES = 2**64  # what hash() gives is below

Told = Callable[[int, int], None]
Found = dict[str, Any]


def _nobody(done: int, total: int) -> None:
    """Who listens where nobody does."""


def profile_table(
    cursor: LakeCursor, dataset: Dataset, withheld: Collection[str], told: Told = _nobody
) -> TableProfile:
    """Read the table at the newest snapshot. cursor: in no transaction. withheld: lower-case paths of personal columns;
    members of a personal column are personal. told: called before each statement with how many columns are done, of how
    many; what it raises ends the profile.

    Raises NotFound if the table was dropped meanwhile, Cancelled once the cursor is interrupted.
    """
    with _snapshot(cursor):
        table = table_at(cursor, dataset)
        return _Pass(cursor, table, frozenset(name.lower() for name in withheld), told).profile()


@contextmanager
def _snapshot(cursor: LakeCursor) -> Iterator[None]:
    """A transaction, without which the snapshot that it began with may expire."""
    with cursor.quiet.using():
        cursor.execute("BEGIN")
        try:
            yield
        finally:
            cursor.roll_back()


class _Pass:
    def __init__(self, cursor: LakeCursor, table: TableAt, withheld: frozenset[str], told: Told) -> None:
        self._cursor = cursor
        self._table = table
        self._withheld = withheld
        self._told = told
        self._rows = self._sampled = 0

    def profile(self) -> TableProfile:
        leaves, found = self._table.leaves, dict[int, Found]()
        for first in range(0, len(leaves), COLUMNS_AT_ONCE):
            self._told(first, len(leaves))
            found |= self._measured(leaves[first : first + COLUMNS_AT_ONCE])
        self._told(len(leaves), len(leaves))
        self._add_late(found)
        columns = tuple(self._column(leaf, found[leaf.column_id]) for leaf in leaves if leaf.column_id in found)
        unreadable = tuple(leaf.path for leaf in leaves if leaf.column_id not in found)
        table = self._table
        return TableProfile(table.table_id, table.snapshot, self._rows, self._sampled, columns, unreadable)

    def _column(self, leaf: Leaf, found: Found) -> ColumnProfile:
        if "distinct" not in found:  # nothing but NULLs could be counted
            leaf = replace(leaf, measures=COUNTED)
        return profile_of(leaf, self._rows, self._sampled, found, is_withheld(leaf.path, self._withheld))

    def _measured(self, leaves: Sequence[Leaf]) -> dict[int, Found]:
        """What each aggregate of each column gives. A column that DuckDB fails on does not take the others with it."""
        wanted = {leaf: self._aggregates(leaf) for leaf in leaves}
        try:
            return self._run(wanted)
        except SqlError:
            self._begin_anew()
        if len(leaves) > 1:
            half = len(leaves) // 2
            return self._measured(leaves[:half]) | self._measured(leaves[half:])
        (leaf,) = leaves
        return {} if leaf.measures == COUNTED else self._measured([replace(leaf, measures=COUNTED)])

    def _aggregates(self, leaf: Leaf) -> dict[str, str]:
        withheld = is_withheld(leaf.path, self._withheld)
        return aggregates(leaf, edges_of(leaf), withheld, exact=self._table.rows <= SAMPLE_ROWS)

    def _add_late(self, found: dict[int, Found]) -> None:
        """Histograms of the columns that the catalog tells no bounds of, now that these are known."""
        wanted = {}
        for leaf in self._table.leaves:
            of_it = found.get(leaf.column_id, {})
            if of_it.get("low") is not None and of_it["low"] < of_it["high"]:
                edges = edges_of(replace(leaf, low=of_it["low"], high=of_it["high"]))
                finite = f" FILTER (WHERE isfinite({leaf.sql}))" if leaf.measures.finite else ""
                if edges is not None and (more := counted(edges, finite)):
                    wanted[leaf] = more
        listed = list(wanted)
        for first in range(0, len(listed), COLUMNS_AT_ONCE):
            of_these = {leaf: wanted[leaf] for leaf in listed[first : first + COLUMNS_AT_ONCE]}
            for column_id, more in self._run(of_these).items():
                found[column_id] |= more

    def _run(self, wanted: dict[Leaf, dict[str, str]]) -> dict[int, Found]:
        listed = [f"count(*) AS row_count, count(*) FILTER (WHERE {CHOSEN}) AS sampled"]
        for leaf, of_it in wanted.items():
            listed += [f"{text} AS {name}_{leaf.column_id}" for name, text in of_it.items()]
        source = f"SELECT {self._chosen()} AS {CHOSEN}, * FROM {self._table.relation}"
        row = self._cursor.execute(f"SELECT {', '.join(listed)} FROM ({source})").table()
        self._rows, self._sampled = row["row_count"][0].as_py(), row["sampled"][0].as_py()
        return {
            leaf.column_id: {name: _value(row[f"{name}_{leaf.column_id}"], name) for name in of_it}
            for leaf, of_it in wanted.items()
        }

    def _chosen(self) -> str:
        """Whether a row is in the sample: told by its number, so that the same rows are as long as the table stays."""
        if self._table.rows <= SAMPLE_ROWS:
            return "true"
        return f"hash(rowid) < {_HASHES * SAMPLE_ROWS // self._table.rows}::UBIGINT"

    def _begin_anew(self) -> None:
        """A statement that failed has ended the transaction. The snapshot is named in each statement."""
        self._cursor.roll_back()
        self._cursor.execute("BEGIN")


def _value(column: Any, name: str) -> Any:
    """The sample as an Arrow array, all else as Python has it."""
    value = column[0]
    return (value.values if value.is_valid else None) if name == "sample" else value.as_py()
