"""Looks for needles in the values of relations and Parquet files, decoded."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.translate import translated
from server.scanning.needles import Needles
from server.scanning.texts import texts_in
from server.sql.quoting import identifier, literal

BATCH_ROWS = 2048  # few enough that a batch of long texts stays in memory
_FLAT = frozenset("VARCHAR BLOB".split())
_NESTED = ("STRUCT(", "MAP(")
_ARROW_LACKS = ("VARIANT", "UNION(", "BIGNUM")  # or has it in a form of its own: JSON shows what is in there
# Their values are compared as values, see scan_values.
_NO_TEXT = frozenset(
    """BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE DATE
    TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL""".split()
) | {"TIME WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", "TIME_NS"}


class TextScan(NamedTuple):
    """rows: how many were read. hits: the numbers of the texts found. columns: those with any, in their order."""

    rows: int
    hits: set[int]
    columns: tuple[str, ...]


class ParquetScan(NamedTuple):
    """rows: how many were read. hits: path → the numbers of the texts in the file, for files that have any."""

    rows: int
    hits: dict[str, set[int]]


def scan_text_columns(cursor: LakeCursor, relation: str, needles: Needles) -> TextScan:
    """Look through all columns of a relation that are no number and no time: their texts, and those inside nested
    values, as they are and as DuckDB writes them.

    relation: SQL text, as follows FROM. A text is found in one value, never across two. Raises what `execute` raises.
    """
    names, expressions = [], []
    for name, kind in columns_in(cursor, relation):
        shown = _expressions(name, kind)
        names += [name] * len(shown)
        expressions += shown
    if not expressions:
        return TextScan(int(cursor.rows(f"SELECT count(*) FROM {relation}")[0][0]), set(), ())
    listed = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(expressions))
    rows, hits = 0, [set[int]() for _ in names]
    for batch in _batches(cursor, f"SELECT {listed} FROM {relation}"):
        rows += batch.num_rows
        for column, found in zip(batch.columns, hits, strict=True):
            for held, borders in texts_in(column):
                found |= needles.find(held, borders)
    with_hits = dict.fromkeys(name for name, found in zip(names, hits, strict=True) if found)
    return TextScan(rows, set().union(*hits), tuple(with_hits))


def scan_parquet(cursor: LakeCursor, paths: Iterable[str], needles: Needles) -> ParquetScan:
    """Look through Parquet files as `scan_text_columns` does, one by one. What only their bytes show, as statistics in
    the footers, `scan_file` finds. paths: on disk or of an object store that the cursor reads."""
    rows, hits = 0, {}
    for path in paths:
        scanned = scan_text_columns(cursor, parquet_relation([path]), needles)
        rows += scanned.rows
        if scanned.hits:
            hits[path] = scanned.hits
    return ParquetScan(rows, hits)


def parquet_relation(paths: Sequence[str]) -> str:
    """SQL text, as follows FROM, for what is in these files, and nothing that only their names tell."""
    listed = ", ".join(literal(path) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def scan_values(cursor: LakeCursor, relation: str, column: str, texts: Iterable[str]) -> int:
    """How many of the distinct texts a column holds, compared as values of its type, whatever scalar it is. A text that
    can't be cast to it is not held. relation: SQL text, as follows FROM. Raises what `execute` raises."""
    values = f"(SELECT {identifier(column)} AS value FROM {relation})"
    ((_, kind),) = columns_in(cursor, values)
    given = f"looked_for_{secrets.token_hex(8)}"
    cursor.register(given, pa.table({"text": pa.array(dict.fromkeys(texts), pa.string())}))
    try:
        text = (
            f"SELECT count(*) FROM temp.main.{given} AS given SEMI JOIN {values} AS held "
            f"ON TRY_CAST(given.text AS {kind}) = held.value"
        )
        return int(cursor.rows(text)[0][0])
    finally:
        cursor.unregister(given)


def columns_in(cursor: LakeCursor, relation: str) -> list[tuple[str, str]]:
    """(name, type) of each."""
    text = f"SELECT column_name, column_type FROM (DESCRIBE FROM {relation})"
    return [(str(name), str(kind)) for name, kind in cursor.rows(text)]


def _expressions(name: str, kind: str) -> list[str]:
    """SQL text of what shows the texts in a column, none for a number or a time."""
    column = identifier(name)
    if kind in _NO_TEXT or (kind.startswith("DECIMAL(") and kind.endswith(")")):
        return []
    if kind in _FLAT:
        return [column]
    shown = [f"CAST({column} AS VARCHAR)"]
    if any(part in kind for part in _ARROW_LACKS):
        return [*shown, f"CAST(to_json({column}) AS VARCHAR)"]
    return [*shown, column] if kind.endswith("]") or kind.startswith(_NESTED) else shown


def _batches(cursor: LakeCursor, text: str) -> Iterator[pa.RecordBatch]:
    """Of a query's result, as it is computed."""
    reader = cursor.execute(text).reader(BATCH_ROWS)
    try:
        while True:
            with translated(cursor.context):
                batch = next(reader, None)
            if batch is None:
                return
            yield batch
    finally:
        cursor.discard()
