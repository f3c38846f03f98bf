"""The surface of DuckLake's own catalog: bounds of columns, comments, names. Taken while nobody uses the lake."""

import os
from pathlib import Path

import psycopg

from catalog_sql import named_queries
from server.engine.boot import METADATA
from server.engine.catalog_bounds import repair_bounds
from server.engine.catalog_rewrite import rewrite_catalog
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.files import scan_file
from server.erasure.needles import Needles
from server.erasure.scanning import scan_text_columns
from server.erasure.surface import Finding, Verdict
from server.erasure.traces import Traces
from server.errors import LakehouseError
from server.sql.quoting import identifier

SQL = named_queries("queries/erasing.sql")
# Bounds of columns: those of other tables may be equal to an erased value, and are not its trace.
BOUNDS = frozenset({"ducklake_file_column_stats", "ducklake_table_column_stats"})
FILE_METHOD = (
    "the catalog file was written anew and read byte by byte, and every table in it was read; what other datasets have "
    "as a bound of a column is not counted, and numbers are looked for in the tables alone, where digits have an end"
)
POSTGRES_METHOD = (
    "every table of the catalog was read after VACUUM FULL; what other datasets have as a bound of a column is not "
    "counted"
)
POSTGRES_UNPROVEN = "Postgres's own files, its log, archives and replicas are not looked at"


class CatalogFile:
    name = "catalog"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._in_bytes: set[str] | None = None  # texts that the new file's bytes show; None until it is written

    def erase(self, traces: Traces) -> int:
        """Write it anew; 1, or on Postgres how many tables."""
        if self._engine.location.on_postgres:
            return self._vacuum()

        def look(made: Path) -> None:
            # Not later: closing a file that DuckDB has open would drop DuckDB's lock on it.
            texts = [text for text in dict.fromkeys(traces.texts()) if not _is_number(text)]
            self._in_bytes = {texts[number] for number in scan_file(made, Needles.of(texts))}

        rewrite_catalog(self._engine, look)
        return 1

    def scan(self, traces: Traces) -> Finding:
        rows, found, explained, tables = self._engine.read(lambda cursor: _decoded(cursor, traces))
        told = [f"in {', '.join(tables)}"] if tables else []
        if self._engine.location.on_postgres:
            verdict = Verdict.FOUND if found else Verdict.UNPROVEN
            return Finding(verdict, POSTGRES_METHOD, rows, "rows", len(found), "; ".join([*told, POSTGRES_UNPROVEN]))
        if self._in_bytes is None:
            return Finding(Verdict.UNPROVEN, FILE_METHOD, rows, "rows", len(found), "it was not written anew")
        texts = list(dict.fromkeys(traces.texts()))
        hidden = self._in_bytes - {texts[number] for number in explained | found}
        told += [f"{len(hidden)} in bytes that no table shows"] if hidden else []
        verdict = Verdict.FOUND if found or hidden else Verdict.CLEAN
        return Finding(verdict, FILE_METHOD, rows, "rows", len(found) + len(hidden), "; ".join(told))

    def _vacuum(self) -> int:
        repair_bounds(self._engine.root, METADATA)
        address = self._engine.location.catalog.removeprefix("postgres:")
        try:
            with psycopg.connect(address, autocommit=True, password=os.environ.get("PGPASSWORD")) as connection:
                rows = connection.execute(SQL["postgres_tables"].encode()).fetchall()
                for (name,) in rows:
                    connection.execute(f"VACUUM FULL {identifier(name)}".encode())
        except psycopg.Error as error:
            raise LakehouseError(f"the catalog on Postgres can't be vacuumed: {type(error).__name__}") from None
        return len(rows)


def _decoded(cursor: LakeCursor, traces: Traces) -> tuple[int, set[int], set[int], list[str]]:
    """Rows read, traces found, those that only bounds of other tables show, and tables with any found."""
    own = ", ".join(str(row[0]) for row in cursor.rows(SQL["own_tables"], _names(traces.dataset))) or "-1"
    rows, found, explained, tables = 0, set[int](), set[int](), list[str]()
    for (name,) in cursor.rows(SQL["catalog_tables"]):
        table = f"{METADATA}.{identifier(str(name))}"
        if name not in BOUNDS:
            scanned = scan_text_columns(cursor, table, traces.needles)
        else:
            scanned = scan_text_columns(cursor, f"(FROM {table} WHERE table_id IN ({own}))", traces.needles)
            explained |= scan_text_columns(cursor, f"(FROM {table} WHERE table_id NOT IN ({own}))", traces.needles).hits
        rows, found = rows + scanned.rows, found | scanned.hits
        tables += [str(name)] if scanned.hits else []
    return rows, found, explained, tables


def _names(dataset: str) -> list[str]:
    """Schema and table of the dataset, and the name of its table of deleted rows."""
    schema, _, table = dataset.rpartition(".")
    return [schema or "main", table, dataset]


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
