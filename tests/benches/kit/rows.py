"""A row of the results: what was measured, beside what, and whether the target was met."""

from dataclasses import dataclass

from tests.benches.kit.timing import Measured

Value = Measured | float


class NotRun(Exception):
    """What a bench needs is not here. str(error) tells what."""


@dataclass(frozen=True)
class Row:
    """One comparison. ratio: in the words of the target. met: None where nothing is asked or nothing was run."""

    what: str
    ours: Value | None
    reference: Value | None
    unit: str
    ratio: float | None
    target: str
    met: bool | None
    note: str = ""


def at_most(what: str, ours: Value, reference: Value, unit: str, limit: float, note: str = "") -> Row:
    """Ours takes at most `limit` times what the reference takes."""
    ratio = middle(ours) / middle(reference)
    return Row(what, ours, reference, unit, ratio, f"≤ {limit:g} x", ratio <= limit, note)


def faster(what: str, ours: Value, reference: Value, unit: str, times: float, note: str = "") -> Row:
    """Ours is at least `times` as fast as the reference; both are times, the ratio is the reference by ours."""
    ratio = middle(reference) / middle(ours)
    return Row(what, ours, reference, unit, ratio, f"≥ {times:g} x faster", ratio >= times, note)


def rate_of(what: str, ours: Value, reference: Value, unit: str, times: float, note: str = "") -> Row:
    """Ours does at least `times` as many a second as the reference."""
    ratio = middle(ours) / middle(reference)
    return Row(what, ours, reference, unit, ratio, f"≥ {times:g} x", ratio >= times, note)


def beside(what: str, ours: Value, reference: Value, unit: str, note: str = "") -> Row:
    """For the reader: nothing is asked of it. The ratio is ours by the reference."""
    return Row(what, ours, reference, unit, middle(ours) / middle(reference), "", None, note)


def not_run(what: str, reason: object) -> Row:
    return Row(what, None, None, "", None, "", None, f"not run: {reason}")


def middle(value: Value) -> float:
    return value.median if isinstance(value, Measured) else value
