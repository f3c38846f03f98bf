"""Edges of a histogram's bins, of about the same width, laid out over rough bounds before any value is read."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.catalog.lake_types import ducklake_type
from server.profiling.measures import Axis
from server.profiling.profile import BINS_MAX, Bin
from server.profiling.table import Leaf

Number = TypeVar("Number", int, float)

MICROSECONDS = 1_000_000
DIGITS = 3  # of a bin's width: edges are rounded to these, for people to read
# What values of a type are multiples of, in microseconds.
_UNITS = {"date": 86_400 * MICROSECONDS, "timestamp_s": MICROSECONDS, "timestamp_ms": 1000}
_DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True)
class Edges:
    """Between the bins: one less than there are bins, rising, none twice, for DuckDB counts wrongly then.

    values: SQL texts. type: DuckDB's, of what is compared with them. value: that, SQL text.
    """

    values: tuple[str, ...]
    type: str
    value: str

    @property
    def sql(self) -> str:
        return f"CAST([{', '.join(self.values)}] AS {self.type}[])"


def axis_of(leaf: Leaf) -> str:
    """What low and high of a leaf are the bounds of, SQL text."""
    return f"epoch({leaf.sql})" if leaf.measures.axis is Axis.TIME else f"CAST({leaf.sql} AS DOUBLE)"


def edges_of(leaf: Leaf) -> Edges | None:
    """None as long as nothing is known of its bounds. Values beyond them are in the outermost bins."""
    if leaf.low is None or leaf.high is None:
        return None
    between = [_between(leaf.low, leaf.high, part / BINS_MAX) for part in range(1, BINS_MAX)]
    match leaf.measures.axis:
        case Axis.INTEGER:
            whole = _distinct(math.floor(edge) for edge in between if math.floor(edge) < leaf.high)
            return Edges(tuple(map(str, whole)), ducklake_type(leaf.type), leaf.sql)
        case Axis.NUMBER:
            numbers = _distinct(_rounded(between, leaf.high - leaf.low)) if leaf.low < leaf.high else []
            return Edges(tuple(map(repr, numbers)), "DOUBLE", f"CAST({leaf.sql} AS DOUBLE)")
    return _times(leaf, between, leaf.high)


def bins_of(edges: Sequence[str], counts: Sequence[int], minimum: str | None, maximum: str | None) -> tuple[Bin, ...]:
    """edges: as texts. counts: of each bin; the last may be left out if nothing is in it. minimum, maximum: where the
    bins end. Empty bins at both ends are left out, since the bounds may have been too wide."""
    padded = [*counts, *[0] * (len(edges) + 1 - len(counts))]
    bins = [Bin(*each) for each in zip([minimum, *edges], [*edges, maximum], padded, strict=True)]
    full = [number for number, each in enumerate(bins) if each.row_count]
    if not full:
        return ()
    kept = bins[full[0] : full[-1] + 1]
    kept[0] = Bin(minimum, kept[0].upper, kept[0].row_count)
    kept[-1] = Bin(kept[-1].lower, maximum, kept[-1].row_count)
    return tuple(kept)


def _times(leaf: Leaf, between: Sequence[float], high: float) -> Edges:
    """Of times of day too; coarser than a second only for dates."""
    unit = _UNITS.get(leaf.type, 1)
    if len(between) > 1 and between[1] - between[0] >= 10:
        unit = max(unit, MICROSECONDS)
    whole = _distinct(math.floor(edge * MICROSECONDS) // unit * unit for edge in between)
    kind, last = ducklake_type(leaf.type), high * MICROSECONDS
    return Edges(tuple(_time(edge, leaf.type) for edge in whole if edge < last), kind, leaf.sql)


def _time(microseconds: int, lake_type: str) -> str:
    """SQL text."""
    if lake_type == "time":
        seconds, part = divmod(microseconds, MICROSECONDS)
        return f"'{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:06}'"
    if lake_type == "date":
        return f"make_date({microseconds // _DAY})"
    return f"make_timestamp({microseconds})"


def _between(low: float, high: float, share: float) -> float:
    """Without the difference of the two, which may be infinite."""
    return low * (1 - share) + high * share


def _rounded(numbers: Iterable[float], span: float) -> Iterable[float]:
    if not math.isfinite(span):
        return numbers
    step = span / BINS_MAX
    if step == 0:
        return numbers
    digits = DIGITS - 1 - math.floor(math.log10(step))
    return (round(number, digits) for number in numbers)


def _distinct(numbers: Iterable[Number]) -> list[Number]:
    return sorted(set(numbers))
