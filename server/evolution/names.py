"""How alike two names of columns are, by the words that they are made of."""

import difflib
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

ABBREVIATION_CHARS_MIN = 2
SPELLING_WEIGHT = 0.6  # of letters in common, beside words in common


@lru_cache(4096)
def words(name: str) -> tuple[str, ...]:
    """The parts of a name in lower case: `customerID2` and `customer_id_2` are both customer, id, 2."""
    return tuple(part.lower() for part in _parts(name))


def similarity(one: str, other: str) -> float:
    """From 0 to 1, which is the same words in any order. A word counts three quarters with one that it begins."""
    left, right = words(one), words(other)
    if not left or not right:
        return 0.0
    if sorted(left) == sorted(right) or "".join(left) == "".join(right):
        return 1.0
    shared = _shared(left, right)
    matcher = difflib.SequenceMatcher(None, "".join(left), "".join(right))
    if matcher.quick_ratio() <= SPELLING_WEIGHT:  # never less than the ratio, which takes much longer
        return shared
    spelling = matcher.ratio()
    return max(shared, SPELLING_WEIGHT * spelling if spelling > SPELLING_WEIGHT else 0.0)


def _shared(left: Sequence[str], right: Sequence[str]) -> float:
    """Words in common, twice, among all words."""
    rest, total = list(right), 0.0
    for word in left:
        best = max(rest, key=partial(_alike, word), default="")
        if value := _alike(word, best):
            rest.remove(best)
            total += value
    return 2 * total / (len(left) + len(right))


def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    return 0.75 if len(short) >= ABBREVIATION_CHARS_MIN and short.isalpha() and long.startswith(short) else 0.0


def _parts(name: str) -> Iterator[str]:
    """Cut at what is no letter or digit, between letters and digits, and where a capital begins a word."""
    part = ""
    for at, char in enumerate(name):
        following = name[at + 1 : at + 2]
        if not char.isalnum():
            if part:
                yield part
            part = ""
            continue
        begins = part and (
            char.isdigit() != part[-1].isdigit()
            or (char.isupper() and (part[-1].islower() or (part[-1].isupper() and following.islower())))
        )
        if begins:
            yield part
            part = ""
        part += char
    if part:
        yield part
