"""The surface of DuckLake's own catalog: bounds of columns, comments, names. Taken while nobody uses the lake."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from catalog_sql import named_queries
from server.certificates.finding import Finding, Verdict
from server.engine.boot import METADATA
from server.engine.catalog_bounds import repair_bounds
from server.engine.catalog_rewrite import NEW, rewrite_catalog
from server.engine.catalog_vacuum import Vacuumed, vacuum_catalog
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasing.traces import Traces
from server.scanning.columns import scan_text_columns
from server.scanning.files import scan_file
from server.scanning.needles import Needles
from server.sql.quoting import identifier

SQL = named_queries("queries/erasing.sql")
# Bounds of columns: those of other tables may be equal to an erased value, and are not its trace.
BOUNDS = frozenset({"ducklake_file_column_stats", "ducklake_table_column_stats"})
FILE_METHOD = (
    "the catalog was copied into a new file, so that nothing is left of what was deleted in the old one; every table "
    "of the new file was read, and its bytes, where DuckDB packs most texts; what other datasets have as a bound of a "
    "column is not counted, and numbers are looked for in the tables alone, where digits have an end"
)
POSTGRES_METHOD = (
    "every table of the catalog was read after VACUUM FULL and ANALYZE; what other datasets have as a bound of a "
    "column is not counted"
)
REASONS_MAX = 3  # told of why tables are not written anew
POSTGRES_UNPROVEN = "Postgres's own files, its log, archives and replicas are not looked at"
GIVEN_BOUNDS = "lakehouse_given_bounds"


class _Decoded(NamedTuple):
    """Of the catalog's tables. tables: those that hold traces. explained: traces that bounds of other tables equal."""

    rows: int
    found: set[str]
    explained: set[str]
    tables: list[str]


class _Own(NamedTuple):
    """A dataset. tables: numbers of its tables, SQL text."""

    tables: str
    traces: Traces


@dataclass
class _Looked:
    """What a new file holds, before it takes the place of the old one."""

    decoded: _Decoded
    in_bytes: set[str]


class CatalogFile:
    name = "catalog"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked: _Looked | None = None
        self._vacuumed = Vacuumed([], [])

    def erase(self, traces: Traces) -> int:
        """Write it anew; 1, or on Postgres how many tables."""
        if self._engine.location.on_postgres:
            repair_bounds(self._engine.root, METADATA)
            self._vacuumed = vacuum_catalog(self._engine.location)
            return len(self._vacuumed.tables)
        self._looked = None
        looked = _Looked(_Decoded(0, set(), set(), []), set())
        own = self._own(traces)

        def tables(cursor: LakeCursor) -> None:
            names = [str(row[0]) for row in cursor.rows(SQL["catalog_tables"], [NEW])]
            looked.decoded = _decoded(cursor, f"{NEW}.main", names, own, traces)

        def file(made: Path) -> None:
            # Not later: closing a file that DuckDB has open would drop DuckDB's lock on it.
            texts = [text for text in dict.fromkeys(traces.texts()) if not _is_number(text)]
            looked.in_bytes = {texts[number] for number in scan_file(made, Needles.of(texts))}

        rewrite_catalog(self._engine, tables, file)
        self._looked = looked
        return 1

    def scan(self, traces: Traces) -> Finding:
        if self._engine.location.on_postgres:
            return self._scan_postgres(traces)
        if self._looked is None:
            return Finding(Verdict.UNPROVEN, FILE_METHOD, 0, "rows", detail="it was not written anew")
        decoded, in_bytes = self._looked.decoded, self._looked.in_bytes
        hidden = in_bytes - decoded.found - decoded.explained
        told = [f"in {', '.join(decoded.tables)}"] if decoded.tables else []
        told += [f"{len(hidden)} in bytes that no table shows"] if hidden else []
        found = len(decoded.found) + len(hidden)
        verdict = Verdict.FOUND if found else Verdict.CLEAN
        return Finding(verdict, FILE_METHOD, decoded.rows, "rows", found, "; ".join(told))

    def _own(self, traces: Traces) -> list[_Own]:
        """Of the dataset, and of each derived one."""

        def own(cursor: LakeCursor, part: Traces) -> _Own:
            schema, _, table = part.dataset.rpartition(".")
            rows = cursor.rows(SQL["own_tables"], [schema or "main", table, part.dataset])
            return _Own(", ".join(str(row[0]) for row in rows) or "-1", part)

        return self._engine.read(lambda cursor: [own(cursor, part) for part in traces.everywhere])

    def _scan_postgres(self, traces: Traces) -> Finding:
        names, own = self._vacuumed.tables, self._own(traces)
        decoded = self._engine.read(lambda cursor: _decoded(cursor, METADATA, names, own, traces))
        told = [f"in {', '.join(decoded.tables)}"] if decoded.tables else []
        told += [POSTGRES_UNPROVEN, *self._vacuumed.left[:REASONS_MAX]]
        verdict = Verdict.FOUND if decoded.found else Verdict.UNPROVEN
        return Finding(verdict, POSTGRES_METHOD, decoded.rows, "rows", len(decoded.found), "; ".join(told))


def _decoded(cursor: LakeCursor, schema: str, names: list[str], own: list[_Own], traces: Traces) -> _Decoded:
    """schema: SQL text."""
    texts = list(dict.fromkeys(traces.texts()))
    rows, found, explained, tables = 0, set[str](), set[str](), list[str]()
    for name in names:
        scanned = scan_text_columns(cursor, f"{schema}.{identifier(name)}", traces.needles)
        hits = {texts[number] for number in scanned.hits}
        if name in BOUNDS:
            explained |= hits
            hits = set[str]().union(*(_bounds_left(cursor, schema, name, *each) for each in own))
        rows, found = rows + scanned.rows, found | hits
        tables += [name] if hits else []
    return _Decoded(rows, found, explained, tables)


def _bounds_left(cursor: LakeCursor, schema: str, table: str, own: str, traces: Traces) -> set[str]:
    """The values, however short, that a table of bounds still has for their column."""
    groups = [*traces.values.items(), (traces.key_column.name, pa.array(traces.keys, pa.string()))]
    names = pa.concat_arrays([pa.repeat(pa.scalar(name), len(values)) for name, values in groups])
    values = pa.concat_arrays([values for _, values in groups])
    cursor.register(GIVEN_BOUNDS, pa.table({"name": names, "value": values}))
    try:
        text = SQL["bounds_left"].format(schema=schema, table=identifier(table), own=own, given=GIVEN_BOUNDS)
        return {str(value) for (value,) in cursor.rows(text)}
    finally:
        cursor.unregister(GIVEN_BOUNDS)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
