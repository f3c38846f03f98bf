"""The aggregates that measure a column, as SQL, and the column's profile from their values."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from server.profiling.edges import Edges, axis_of, bins_of
from server.profiling.profile import TEXT_CHARS_MAX, TOP_VALUES_MAX, Bin, ColumnProfile, TopValue
from server.profiling.table import Leaf

CHOSEN = "chosen"  # the column that tells whether a row is in the sample


def aggregates(leaf: Leaf, edges: Edges | None, withheld: bool, exact: bool) -> dict[str, str]:
    """SQL text of each by name. exact: different values are few enough to be counted one by one.

    Of a withheld column none gives a value but `low` and `high`, which are asked for where no edges are known and are
    kept nowhere.
    """
    measures, value = leaf.measures, leaf.sql
    finite = f" FILTER (WHERE isfinite({value}))" if measures.finite else ""
    found = {"present": f"count({value})"}
    if measures.distinct:
        alone = exact and (measures.text or withheld or not measures.top)  # the sample does not tell, as it does else
        found["distinct"] = f"count(DISTINCT {value})" if alone else f"approx_count_distinct({value})"
    if measures.finite:
        found["finite"] = f"count({value}){finite}"
    if measures.length:
        length = measures.length.format(e=value)
        found |= {f"length_{name}": f"{name}({length})" for name in ("min", "avg", "max")}
    if measures.axis and edges is None:
        found |= {"low": f"min({axis_of(leaf)}){finite}", "high": f"max({axis_of(leaf)}){finite}"}
    if edges is not None:
        found |= counted(edges, finite)
    if not withheld:
        found |= _values(leaf, finite)
    return found


def counted(edges: Edges, finite: str) -> dict[str, str]:
    """How many values are in each bin. finite: SQL text, leaves others out."""
    if not edges.values:
        return {}
    return {
        "counts": f"map_values(histogram({edges.value}, {edges.sql}){finite})",
        "edges": f"CAST({edges.sql} AS VARCHAR[])",
    }


def _values(leaf: Leaf, finite: str) -> dict[str, str]:
    measures, value, found = leaf.measures, leaf.sql, dict[str, str]()
    if measures.ordered:
        least, greatest = (f"CAST({name}({value}){finite} AS VARCHAR)" for name in ("min", "max"))
        found |= {"minimum": f"left({least}, {TEXT_CHARS_MAX})", "maximum": f"left({greatest}, {TEXT_CHARS_MAX})"}
    if measures.number:
        found["mean"] = f"avg(CAST({value} AS DOUBLE)){finite}" if measures.wide else f"avg({value}){finite}"
    if measures.top:
        # A text is cut only where it is taken: cutting those of all rows would cost more than all else.
        cut = f"CASE WHEN {CHOSEN} THEN left({value}, {TEXT_CHARS_MAX}) END" if measures.text else value
        found["sample"] = f"CAST(list({cut}) FILTER (WHERE {CHOSEN}) AS VARCHAR[])"
    return found


def profile_of(leaf: Leaf, rows: int, sampled: int, found: Mapping[str, Any], withheld: bool) -> ColumnProfile:
    """found: the value of each aggregate by name. rows, sampled: of the table and of the sample."""
    present, distinct, mean = found["present"], found.get("distinct"), found.get("mean")
    counts = _counts(found.get("sample"))
    if "sample" in found and distinct is not None:
        cut = leaf.measures.text and (found["length_max"] or 0) > TEXT_CHARS_MAX
        distinct = _distinct(distinct, counts, whole=rows == sampled, cut=cut)
    return ColumnProfile(
        column_id=leaf.column_id,
        path=leaf.path,
        null_count=rows - present,
        distinct_count=None if distinct is None else min(distinct, present),
        non_finite_count=present - found["finite"] if "finite" in found else None,
        minimum=found.get("minimum"),
        maximum=found.get("maximum"),
        mean=mean if mean is not None and math.isfinite(mean) else None,  # its sum may be out of range
        length_min=found.get("length_min"),
        length_mean=found.get("length_avg"),
        length_max=found.get("length_max"),
        top_values=_top(counts, rows, sampled) if "sample" in found else None,
        histogram=_histogram(found, withheld) if leaf.measures.axis else None,
        withheld=withheld,
    )


def _counts(sample: Any) -> Any:
    """How often each value is in it: Arrow's value and count. sample: texts as an Arrow array, None if none are."""
    if sample is None:
        sample = pa.array([], pa.string())
    found: Any = pc.value_counts(sample.drop_null())
    return pa.table({"value": found.field("values"), "count": found.field("counts")})


def _distinct(estimate: int, counts: Any, whole: bool, cut: bool) -> int:
    """The estimate of few values is far off. A sample that has each of its values more than once misses hardly any.
    cut: the sample may take different values for one."""
    seen = int(counts.num_rows)
    if not cut and (whole or (seen and pc.min(counts["count"]).as_py() > 1)):
        return seen
    return max(estimate, seen)


def _top(counts: Any, rows: int, sampled: int) -> tuple[TopValue, ...]:
    """The most frequent first, of equals the smaller one. What a mere sample has once tells nothing."""
    order = [("count", "descending"), ("value", "ascending")]
    select: Any = pc.select_k_unstable
    first = counts.take(select(counts, TOP_VALUES_MAX, order)).to_pylist()
    found = [(each["value"], each["count"]) for each in first]
    if sampled == rows:
        return tuple(TopValue(value, count) for value, count in found)
    return tuple(TopValue(value, round(count * rows / sampled)) for value, count in found if count > 1)


def _histogram(found: Mapping[str, Any], withheld: bool) -> tuple[Bin, ...]:
    """Without edges all values are in one bin."""
    counts: Sequence[int] = found.get("counts") or [found.get("finite", found["present"])]
    edges: Sequence[str] = found.get("edges") or () if found.get("counts") else ()
    bins = bins_of(edges, counts, found.get("minimum"), found.get("maximum"))
    return tuple(Bin(None, None, each.row_count) for each in bins) if withheld else bins
