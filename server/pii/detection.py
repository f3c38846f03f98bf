"""A look at a table: one query for a sample of its rows, then each column by its name and its values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.pii.columns import Column
from server.pii.leaves import Leaf, leaves
from server.pii.looking import Seen, look
from server.pii.names import denied, hints
from server.pii.scoring import Scored, fits, score

SQL = named_queries("queries/pii.sql")
SAMPLE_ROWS = 1000
SAMPLE_ROWS_MIN = 50
CELLS_MAX = 400_000  # of a sample: the more columns, the fewer rows


@dataclass(frozen=True)
class Finding:
    leaf: Leaf
    scored: Scored


@dataclass(frozen=True)
class Look:
    """sampled_rows: that were looked at. column_ids: of the columns and parts that were."""

    sampled_rows: int
    column_ids: list[int]
    findings: list[Finding]


def detect(cursor: LakeCursor, drawn: Callable[[int], str], columns: Sequence[Column], rows: int) -> Look:
    """drawn: SQL text, as follows FROM, that gives the columns by their names, of so many rows at most. rows: that are
    asked for; of very many columns there are fewer.

    The values are gone when this returns: nothing of them is in the findings. Raises what `execute` raises.
    """
    found = list(leaves(columns))
    wanted = [leaf for leaf in found if _is_read(leaf)]
    rows = max(min(rows, CELLS_MAX // max(len(wanted), 1)), min(rows, SAMPLE_ROWS_MIN))
    sample = _sample(cursor, drawn(rows), wanted)
    of = {leaf.path: sample.column(number) for number, leaf in enumerate(wanted)}
    findings = [Finding(leaf, scored) for leaf in found for scored in _scored(leaf, of.get(leaf.path))]
    return Look(sample.num_rows, [leaf.column.id for leaf in found], findings)


def _is_read(leaf: Leaf) -> bool:
    """Whether values of the leaf can tell something. Of numbers and days only the name tells whose they are; a long
    one may be a card's."""
    category = leaf.column.category
    return category in ("text", "blob", "long") or any(
        kind != "medical" and fits(kind, category) for kind in hints(leaf.names)
    )


def _sample(cursor: LakeCursor, rows: str, wanted: Sequence[Leaf]) -> pa.Table:
    values = ", ".join(f"{leaf.value} AS c{number}" for number, leaf in enumerate(wanted))
    return cursor.execute(SQL["sample"].format(values=values or "1", rows=rows)).table()


def _scored(leaf: Leaf, values: Any) -> list[Scored]:
    told = hints(leaf.names)
    seen = Seen() if values is None else look(_texts(values), told, denied(leaf.names))
    return score(seen, told, leaf.column.category)


def _texts(values: Any) -> list[str]:
    """values: a chunked array of texts or bytes, or of lists of them. Bytes that are no UTF-8 are left out, as are
    NULLs."""
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pa.chunked_array([chunk.flatten() for chunk in values.chunks], values.type.value_type)
    held = [value for value in values.to_pylist() if value is not None]
    if held and isinstance(held[0], bytes):
        return [text for value in held if (text := _decoded(value)) is not None]
    return held


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
