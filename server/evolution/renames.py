"""Which added column may be a missing one under a new name. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.evolution.diff import Column
from server.evolution.names import similarity, words
from server.evolution.types import comparable

CONFIDENCE_MIN = 0.5
NAME_WEIGHT = 0.8
VALUES_WEIGHT = 0.6
PAIRS_MAX = 10_000  # so many are compared one by one, in a fraction of a second, while the table is held
VALUES_MANY = 10  # so many different values in common tell something; true and false tell little

Sample = frozenset[str]


@dataclass(frozen=True)
class Rename:
    """confidence: from 0 to 1."""

    old: Column
    new: Column
    confidence: float


def find_renames(
    missing: Iterable[Column],
    added: Iterable[Column],
    old_values: Mapping[str, Sample],
    new_values: Mapping[str, Sample],
) -> list[Rename]:
    """The likeliest renames, each column in one at most. old_values, new_values: different values of a sample of each
    column, as text, by the column's key; a column may lack there. Among more than PAIRS_MAX pairs only names of the
    same words are found."""
    found = [
        Rename(old, new, confidence(old, new, old_values.get(old.key), new_values.get(new.key)))
        for old, new in _pairs(list(missing), list(added))
    ]
    renames: list[Rename] = []
    taken: set[tuple[str, str]] = set()
    for rename in sorted(found, key=lambda each: -each.confidence):
        if rename.confidence < CONFIDENCE_MIN:
            break
        ends = {("old", rename.old.key), ("new", rename.new.key)}
        if not ends & taken:
            renames.append(rename)
            taken |= ends
    return renames


def by_values(missing: Sequence[Column], added: Sequence[Column]) -> bool:
    """Whether their values count too, and each pair of them."""
    return len(missing) * len(added) <= PAIRS_MAX


def _pairs(missing: Sequence[Column], added: Sequence[Column]) -> Iterator[tuple[Column, Column]]:
    """Those that may be renames."""
    if by_values(missing, added):
        yield from ((old, new) for old in missing for new in added)
        return
    old_keys, new_keys = [_key(column) for column in missing], [_key(column) for column in added]
    unclear = {key for keys in (old_keys, new_keys) for key, count in Counter(keys).items() if count > 1}
    by_key = dict(zip(new_keys, added, strict=True))
    for key, old in zip(old_keys, missing, strict=True):
        if key in by_key and key not in unclear:
            yield old, by_key[key]


def _key(column: Column) -> tuple[str, ...]:
    """Equal for names of the same words in any order; the name itself where it has none."""
    return tuple(sorted(words(column.name))) or (column.name,)


def confidence(old: Column, new: Column, old_values: Sample | None, new_values: Sample | None) -> float:
    """Names and values each speak for a rename, and neither alone against it: new rows may have new values."""
    if not comparable(old.type, new.type):
        return 0.0
    overlap = 0.0
    if old_values and new_values:
        shared = len(old_values & new_values)
        fewer = min(len(old_values), len(new_values))
        overlap = shared / fewer * min(1.0, fewer / VALUES_MANY)
    by_name, by_values = NAME_WEIGHT * similarity(old.name, new.name), VALUES_WEIGHT * overlap
    return round(1 - (1 - by_name) * (1 - by_values), 2)
