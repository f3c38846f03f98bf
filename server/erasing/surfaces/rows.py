"""The surfaces of the dataset itself: its own table, and the table of its deleted rows."""

from pathlib import Path

from catalog_sql import named_queries
from server.catalog.datasets import Dataset, checked_name, existing_dataset
from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.erasing.lake_paths import files_of
from server.erasing.rewriting import rewrite
from server.erasing.traces import Traces
from server.erasing.tracing import is_nested
from server.erasure.deleted import deleted_table
from server.erasure.keys import columns_of, table_of
from server.scanning.columns import scan_text_columns, scan_values
from server.scanning.files import scan_file
from server.scanning.needles import Needles

SQL = named_queries("queries/erasing.sql")

DATASET_METHOD = (
    "the dataset was read whole as it was right after the erasure: every text for the erased keys and for texts that "
    "only erased rows had in nested columns, every column for whole values that only erased rows had in it, and its "
    "files on disk byte by byte for all of these; not looked for are numbers inside nested values, and what updates "
    "replaced in nested columns or in columns that have another name or type since"
)
DELETED_METHOD = (
    "the rows of which no tombstone waits for an erasure were counted, as they were right after the erasure"
)


class DatasetRows:
    name = "dataset"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, traces: Traces) -> int:
        """Take the rows that a tombstone deleted out of the dataset's files; how many files are replaced."""
        dataset = existing_dataset(self._engine, *checked_name(traces.dataset))
        return rewritten(self._engine, dataset) if dataset is not None and dataset.kind == "table" else 0

    def scan(self, traces: Traces) -> Finding:
        dataset = existing_dataset(self._engine, *checked_name(traces.dataset))
        if dataset is None:
            return Finding(Verdict.CLEAN, DATASET_METHOD, 0, "rows", detail="the dataset is gone")

        def look(cursor: LakeCursor) -> Finding:
            relation = f"{table_of(dataset)} AT (VERSION => {traces.snapshot})"
            kinds = dict(columns_of(cursor, table_of(dataset)))
            nested = [text for name in kinds if is_nested(kinds[name]) for text in _sought(traces, name)]
            scanned = scan_text_columns(cursor, relation, Needles.of([*traces.keys, *nested]))
            found = len(scanned.hits) + len(self._in_bytes(cursor, traces, relation))
            columns = dict.fromkeys(scanned.columns)
            for name in kinds:
                texts = _sought(traces, name)
                if texts and (held := scan_values(cursor, relation, name, texts)):
                    found, columns[name] = found + held, None
            detail = f"in {', '.join(columns) or 'the bytes of files'}" if found else ""
            return Finding(
                Verdict.FOUND if found else Verdict.CLEAN, DATASET_METHOD, scanned.rows, "rows", found, detail
            )

        return self._engine.read(look)

    def _in_bytes(self, cursor: LakeCursor, traces: Traces, relation: str) -> set[int]:
        """What the bytes of files on disk show, bounds in their footers included, and no text of a row explains: a
        value may be part of another one that stays."""
        location = self._engine.location
        paths = [] if location.on_s3 else files_of(cursor, location, traces.dataset)
        found = set().union(*(scan_file(Path(path), traces.needles) for path in paths))
        return found - scan_text_columns(cursor, relation, traces.needles).hits if found else found


class DeletedRows:
    name = "deleted rows"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, traces: Traces) -> int:
        """Take them out of their table's files: they were deleted in the commit that says so; how many rows."""
        rewritten(self._engine, Dataset("deleted", traces.dataset, "table"))
        return traces.rows

    def scan(self, traces: Traces) -> Finding:
        """Those of tombstones that were set since the deleted rows went wait for an erasure of their own."""
        text = SQL["left_rows"].format(
            deleted=deleted_table(traces.dataset), key=traces.key_column.sql, snapshot=traces.snapshot
        )
        found = int(self._engine.read(lambda cursor: cursor.rows(text, [traces.dataset]))[0][0])
        return Finding(Verdict.FOUND if found else Verdict.CLEAN, DELETED_METHOD, found, "rows", found)


def _sought(traces: Traces, column: str) -> list[str]:
    """What a column is asked for by value."""
    texts = [str(value) for value in traces.values.get(column, ())]
    return [*texts, *traces.keys] if column.lower() == traces.key_column.name.lower() else texts


def rewritten(engine: Engine, table: Dataset) -> int:
    """Take deleted rows out of a table's files, under its lock; how many files are replaced."""
    cursor = engine.cursor(SERVER)
    try:
        with engine.locks.holding(f"{table.schema}.{table.table}".lower()):
            return rewrite(engine, cursor, table)
    finally:
        cursor.close()
