"""The surfaces of derived tables, one for each table that lineage says has values of the dataset.

Told to cascade, an erasure has removed the rows of the erased keys from those that have the key column's values.
"""

from pathlib import Path
from typing import NamedTuple

from server.catalog.datasets import Dataset
from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasing.deriving import DerivedTable, derived_tables
from server.erasing.lake_paths import files_of
from server.erasing.surface import Surface
from server.erasing.surfaces.rows import rewritten
from server.erasing.traces import Traces
from server.erasing.tracing import SQL, is_nested
from server.erasure.documents import deleted_tables
from server.scanning.columns import columns_in, scan_text_columns, scan_values
from server.scanning.files import scan_file
from server.scanning.needles import Needles
from server.sql.quoting import identifier, qualified

NAME = "derived dataset "  # before the dataset's
READ = (
    "with its rows that wait for an erasure of their own, as it was right after the erasure, and its files on disk "
    "byte by byte"
)
CASCADED = (
    "rows with an erased key in a column that lineage says has the key column's values were deleted, and files with "
    f"deleted rows written anew; then the table was read whole {READ}: every text for the erased keys, such columns "
    "for whole keys, every column for values that only the rows deleted here had in it, and where such columns are "
    "NULL, columns that have values of the dataset's as they are for whole values that only erased rows had"
)
WITH_KEY = (
    f"no rows were deleted here; the table was read whole {READ}: every text for the erased keys, columns that lineage "
    "says have the key column's values for whole keys; not looked for are other values, and what was computed from any"
)
WITHOUT_KEY = (
    "no rows were deleted here, for lineage knows no column of it that has the key column's values; the table was read "
    f"whole {READ}: every text for the erased keys and values, columns that have values of the dataset's as they are "
    "for whole values that only erased rows had; not looked for is what was computed from them"
)
GONE = "the dataset is gone"
COMPUTED = (
    "values were computed here of each row, which can't be looked for: drop it before an erasure and make it anew after"
)
LEFT = "derived from the dataset, and left as it is: it may still hold copies"


class _Sought(NamedTuple):
    """texts: in every text. columns: whole values, by column. others: in the bytes of files alone."""

    texts: list[str]
    columns: dict[str, list[str]]
    others: list[str]


class DerivedDataset:
    """table: None for one that was derived when rows were deleted in it, and is gone."""

    def __init__(self, engine: Engine, dataset: str, table: DerivedTable | None) -> None:
        self.name = NAME + dataset
        self._engine = engine
        self._dataset = dataset
        self._table = table

    def erase(self, traces: Traces) -> int:
        """Take deleted rows out of the files, where the erasure cascades; how many rows of the erased keys it had."""
        if not traces.cascaded:
            return 0
        there = self._engine.read(deleted_tables)
        places = [self._table.dataset] if self._table is not None else []
        places += [Dataset("deleted", self._dataset, "table")] if self._dataset.lower() in there else []
        for place in places:
            rewritten(self._engine, place)
        return sum(part.rows for part in self._own(traces))

    def scan(self, traces: Traces) -> Finding:
        method = self._method(traces)
        table = self._table
        if table is None:
            return Finding(Verdict.CLEAN, method, 0, "rows", detail=GONE)

        def look(cursor: LakeCursor) -> Finding:
            return self._looked(cursor, traces, table, method)

        return self._engine.read(look)

    def _looked(self, cursor: LakeCursor, traces: Traces, table: DerivedTable, method: str) -> Finding:
        rows, found, columns, explained = 0, 0, dict[str, None](), set[int]()
        everything = Needles.of([])
        for relation in _relations(cursor, table, traces.snapshot):
            kinds = dict(columns_in(cursor, relation))
            sought = self._sought(traces, table, kinds)
            everything = Needles.of([*sought.texts, *sought.others])
            scanned = scan_text_columns(cursor, relation, Needles.of(sought.texts))
            rows, found = rows + scanned.rows, found + len(scanned.hits)
            columns |= dict.fromkeys(scanned.columns)
            explained |= scan_text_columns(cursor, relation, everything).hits
            for place, values in ((relation, sought.columns), self._without_keys(traces, table, relation, kinds)):
                for name in kinds:
                    texts = values.get(name.lower())
                    if texts and (held := scan_values(cursor, place, name, texts)):
                        found, columns[name] = found + held, None
        in_bytes = self._in_bytes(cursor, everything) - explained
        told = f"in {', '.join(columns) or 'the bytes of files'}"
        found += len(in_bytes)
        if found:
            return Finding(Verdict.FOUND, method, rows, "rows", found, told)
        if traces.cascaded and table.computed and not table.keys:
            return Finding(Verdict.UNPROVEN, method, rows, "rows", detail=COMPUTED)
        followed = traces.cascaded and table.keys
        return Finding(Verdict.CLEAN, method, rows, "rows", detail="" if followed else LEFT)

    def _sought(self, traces: Traces, table: DerivedTable, kinds: dict[str, str]) -> _Sought:
        """kinds: type of each column of the relation that is read."""
        columns = {name.lower(): list(traces.keys) for name in table.keys}
        if not table.keys:
            columns = _same(traces, table)
            return _Sought(list(dict.fromkeys(traces.texts())), columns, [])
        own = self._own(traces)
        for part in own:
            for name in part.values:
                columns[name.lower()] = [*columns.get(name.lower(), ()), *_values(part, name)]
        nested = [text for name, kind in kinds.items() if is_nested(kind) for text in columns.get(name.lower(), ())]
        others = [text for part in own for text in part.texts()]
        return _Sought([*traces.keys, *nested], columns, others)

    def _without_keys(
        self, traces: Traces, table: DerivedTable, relation: str, kinds: dict[str, str]
    ) -> tuple[str, dict[str, list[str]]]:
        """Rows that no key tells whose they are, SQL text, and the values that they must not have, by column."""
        if not traces.cascaded or not table.keys:
            return relation, {}
        keys = {name.lower() for name in table.keys}
        condition = " AND ".join(f"{identifier(name)} IS NULL" for name in kinds if name.lower() in keys) or "true"
        return f"(SELECT * FROM {relation} WHERE {condition})", _same(traces, table)

    def _own(self, traces: Traces) -> list[Traces]:
        """What was erased here."""
        return [part for part in traces.derived if part.dataset.lower() == self._dataset.lower()]

    def _in_bytes(self, cursor: LakeCursor, needles: Needles) -> set[int]:
        location = self._engine.location
        paths = [] if location.on_s3 else files_of(cursor, location, self._dataset)
        return set[int]().union(*(scan_file(Path(path), needles) for path in paths))

    def _method(self, traces: Traces) -> str:
        if self._table is not None and not self._table.keys:
            return WITHOUT_KEY
        return CASCADED if traces.cascaded else WITH_KEY


def derived_surfaces(engine: Engine, traces: Traces) -> list[Surface]:
    """Of every table that is derived from the dataset now, and of those in which rows were erased."""
    tables = engine.read(lambda cursor: derived_tables(cursor, traces.dataset, traces.key_column.name))
    known = {table.name.lower() for table in tables}
    gone = {part.dataset.lower(): part.dataset for part in traces.derived if part.dataset.lower() not in known}
    surfaces: list[Surface] = [DerivedDataset(engine, table.name, table) for table in tables]
    return [*surfaces, *(DerivedDataset(engine, name, None) for name in gone.values())]


def _relations(cursor: LakeCursor, table: DerivedTable, snapshot: int | None) -> list[str]:
    """The table and its deleted rows, as far as they were there, SQL text."""
    found = []
    for place in (table.dataset, Dataset("deleted", table.name, "table")):
        named = {"schema": place.schema, "table": place.table, "snapshot": snapshot}
        for schema, name in cursor.rows(SQL["name_at"], named):
            found.append(f"{qualified('lakehouse', str(schema), str(name))} AT (VERSION => {snapshot})")
    return found


def _same(traces: Traces, table: DerivedTable) -> dict[str, list[str]]:
    """Column in lower case → values that only erased rows had in the columns of the dataset that it has as they are."""
    return {
        name.lower(): [text for source in sources for text in _values(traces, source)]
        for name, sources in table.same.items()
    }


def _values(traces: Traces, column: str) -> list[str]:
    found = (values for name, values in traces.values.items() if name.lower() == column.lower())
    return [str(text) for values in found for text in values.to_pylist()]
