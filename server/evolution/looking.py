"""What a table and new rows hold, looked at in the transaction of a load. Values stay here: only counts are told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.engine.cursor import LakeCursor
from server.evolution.diff import Column, Pair
from server.evolution.renames import Sample
from server.evolution.rules import Loss
from server.evolution.types import NOT_AS_TEXT
from server.sql.quoting import identifier
from server.sql.type_names import TypeName

SAMPLE_ROWS = 2000
_EXACT = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "DECIMAL"}
)
# What a text that says a time may tell more of than the type holds: a time of day, fractions of a second, a zone.
_TIMES = frozenset({"DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS"})


@dataclass(frozen=True)
class Statistics:
    """Of one column. distinct: about how many different values; None for types that have no such estimate."""

    rows: int
    nulls: int
    distinct: int | None


def columns_of(cursor: LakeCursor, relation: str) -> list[Column]:
    """relation: SQL text. Raises SqlError if it is not there."""
    return [Column.of(str(name), str(kind)) for name, kind, *_ in cursor.rows(f"DESCRIBE {relation}")]


def samples(cursor: LakeCursor, relation: str, columns: Iterable[Column]) -> dict[str, Sample]:
    """Different values of the first rows, as text, by column."""
    wanted = list(columns)
    if not wanted:
        return {}
    names = [identifier(column.name) for column in wanted]
    listed = ", ".join(f"list(DISTINCT {name}::VARCHAR) FILTER ({name} IS NOT NULL)" for name in names)
    [row] = cursor.rows(f"SELECT {listed} FROM (SELECT {', '.join(names)} FROM {relation} LIMIT {SAMPLE_ROWS})")
    return {column.key: frozenset(values or ()) for column, values in zip(wanted, row, strict=True)}


def statistics(cursor: LakeCursor, relation: str, columns: Iterable[Column]) -> dict[str, Statistics]:
    """Of each column, by its key, in one pass over the relation, which is SQL text."""
    wanted = list(columns)
    if not wanted:
        return {}
    counts = [
        f"count({name}), {'NULL' if column.type.name in NOT_AS_TEXT else f'approx_count_distinct({name})'}"
        for column, name in ((column, identifier(column.name)) for column in wanted)
    ]
    [(rows, *found)] = cursor.rows(f"SELECT count(*), {', '.join(counts)} FROM {relation}")
    pairs = zip(wanted, found[::2], found[1::2], strict=True)
    return {column.key: Statistics(rows, rows - filled, distinct) for column, filled, distinct in pairs}


def losses(cursor: LakeCursor, table: str, arrived: str, pairs: Sequence[Pair]) -> dict[str, Loss]:
    """Of the pairs whose new values the column does not hold, by column. table, arrived: SQL text."""
    arriving = lost(cursor, arrived, [(pair.new, pair.table.type_text, pair.table.type) for pair in pairs])
    unfit = [(pair, count) for pair, count in zip(pairs, arriving[1:], strict=True) if count]
    if not unfit:
        return {}
    kept = lost(cursor, table, [(pair.table, pair.new.type_text, pair.new.type) for pair, _ in unfit])
    counted = zip(unfit, kept[1:], strict=True)
    return {pair.table.key: Loss(kept[0], there, count) for (pair, count), there in counted}


def lost(cursor: LakeCursor, relation: str, casts: Sequence[tuple[Column, str, TypeName]]) -> list[int]:
    """The number of rows, then of the values of each column that the type does not hold."""
    counts = [
        f"count(*) FILTER ({identifier(column.name)} IS NOT NULL AND {_is_lost(column, text, kind)})"
        for column, text, kind in casts
    ]
    [row] = cursor.rows(f"SELECT {', '.join(['count(*)', *counts])} FROM {relation}")
    return [int(count) for count in row]


def _is_lost(column: Column, text: str, kind: TypeName) -> str:
    """A cast rounds, cuts and gives NULL without an error. Text that says a number fits it, however written."""
    name = identifier(column.name)
    cast = f"TRY_CAST({name} AS {text})"
    if kind.name == "VARCHAR":
        return "true" if column.type.name in NOT_AS_TEXT else "false"
    if column.type.name != "VARCHAR":
        return f"TRY_CAST({cast} AS {column.type_text}) IS DISTINCT FROM {name}"
    if kind.name in _EXACT:
        return f"({cast} IS NULL OR {cast}::DOUBLE <> TRY_CAST({name} AS DOUBLE))"
    if kind.name in _TIMES:
        return f"({cast} IS NULL OR TRY_CAST({cast} AS TIMESTAMPTZ) IS DISTINCT FROM TRY_CAST({name} AS TIMESTAMPTZ))"
    if kind.name == "TIME":
        return f"({cast} IS NULL OR TRY_CAST({name} AS DATE) IS NOT NULL)"
    return f"{cast} IS NULL"
