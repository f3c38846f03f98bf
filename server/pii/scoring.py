"""From what was seen in a column and what its name says to findings with a confidence.

values alone   top of the kind x root of the share that is valid x n / (n + 0.5)
and a name     1 - (1 - values) x (1 - half of the name's strength)
in texts       from THRESHOLD at one text in a hundred to the kind's top at one in four
name alone     NAME_ALONE where there are no values to look at, less where they are of no such kind
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from server.pii.columns import Category
from server.pii.kinds import KEPT, NAME_ALONE, THRESHOLD, Kind
from server.pii.looking import Seen
from server.pii.names import STRONG

# Confidence if every value is valid. By checksum or an unmistakable form, or by a form that other values have too.
TOP_ALONE: dict[Kind, float] = {
    "email": 0.97,
    "iban": 0.98,
    "card": 0.96,
    "ip": 0.85,
    "ssn": 0.88,
    "phone": 0.82,
    "address": 0.8,
}
TOP_NAMED: dict[Kind, float] = {
    "phone": 0.75,
    "ssn": 0.75,
    "ip": 0.85,
    "birth_date": 0.85,
    "salary": 0.75,
    "medical": 0.8,
}
TOP_INSIDE: dict[Kind, float] = {"email": 0.75, "iban": 0.75, "card": 0.7, "ssn": 0.65, "phone": 0.62, "ip": 0.6}
# The least share of valid values that tells anything. A number in ten passes a check digit by chance, and a form that
# other values have too has to be that of nearly all.
SHARE_MIN: dict[Kind, float] = {"card": 0.4, "phone": 0.7, "ssn": 0.8, "ip": 0.6, "address": 0.4}
NAMED_SHARE_MIN = 0.5
INSIDE_SHARE = 0.01, 0.25  # of texts: where a finding begins to count, and from where on more change nothing
INSIDE_COUNT_MIN = 2
CONTRADICTED = 0.35  # the name says so, the values do not
CODES_SHARE_MIN, CHAPTERS_MIN, ILLNESS_SHARE_MIN = 0.8, 3, 0.3
TOP_CODES, TOP_ILLNESS = 0.7, 0.65


@dataclass(frozen=True)
class Scored:
    """evidence: in words, without a value."""

    kind: Kind
    confidence: float
    evidence: str


def score(seen: Seen, hints: Mapping[Kind, float], category: Category) -> list[Scored]:
    """What a column holds, the surest first."""
    kinds = {**hints, **seen.alone, **seen.inside}
    if seen.codes or seen.illnesses:
        kinds["medical"] = 1
    found = [scored for kind in kinds if (scored := _one(kind, seen, hints.get(kind, 0.0), category)) is not None]
    return sorted(found, key=lambda scored: -scored.confidence)


def _one(kind: Kind, seen: Seen, hint: float, category: Category) -> Scored | None:
    values, told = max(_values(kind, seen, hint), _inside(kind, seen))
    if values > 0:
        confidence = 1 - (1 - values) * (1 - hint / 2)
        told += ", name says so" if hint == STRONG else ", name may say so" if hint else ""
    elif hint:
        confidence, told = _name_alone(kind, seen, hint, category)
    else:
        return None
    return Scored(kind, round(confidence, 2), told) if confidence >= KEPT else None


def _values(kind: Kind, seen: Seen, hint: float) -> tuple[float, str]:
    """Of values that are of the kind as a whole: confidence and evidence; 0 if that is not told."""
    if kind == "medical" and not hint:
        return _medical(seen)
    found = [(TOP_ALONE.get(kind, 0.0), seen.alone[kind], SHARE_MIN.get(kind, 0.2))]
    if hint:
        found.append((TOP_NAMED.get(kind, 0.0), seen.named[kind], NAMED_SHARE_MIN))
    sure = [(_sure(top, count, seen.count), count) for top, count, least in found if count >= least * seen.count > 0]
    confidence, count = max(sure, default=(0.0, 0))
    return confidence, f"{_percent(count, seen.count)} of {seen.count:,} values are valid"


def _medical(seen: Seen) -> tuple[float, str]:
    if seen.codes >= CODES_SHARE_MIN * seen.count > 0 and len(seen.chapters) >= CHAPTERS_MIN:
        share = _percent(seen.codes, seen.count)
        return _sure(
            TOP_CODES, seen.codes, seen.count
        ), f"{share} of {seen.count:,} values have the form of ICD-10 codes"
    read = seen.count - seen.unread
    if seen.illnesses >= ILLNESS_SHARE_MIN * read > 0:
        share = _percent(seen.illnesses, read)
        return TOP_ILLNESS * read / (read + 0.5), f"{share} of {read:,} values name an illness"
    return 0.0, ""


def _inside(kind: Kind, seen: Seen) -> tuple[float, str]:
    """Of texts that hold the kind: less than where they are it."""
    count, read, (least, enough) = seen.inside[kind], seen.count - seen.unread, INSIDE_SHARE
    if kind not in TOP_INSIDE or not read or count < max(INSIDE_COUNT_MIN, least * read):
        return 0.0, ""
    if kind == "card" and count < SHARE_MIN["card"] * (count + seen.no_cards):
        return 0.0, ""
    share = min(1.0, count / read / enough)
    confidence = THRESHOLD + (TOP_INSIDE[kind] - THRESHOLD) * share
    return confidence, f"{_percent(count, read)} of {read:,} values hold one"


def _name_alone(kind: Kind, seen: Seen, hint: float, category: Category) -> tuple[float, str]:
    says = "name says so" if hint == STRONG else "name may say so"
    if kind in ("address", "medical") and seen.letters >= NAMED_SHARE_MIN * max(seen.count, 1):
        return NAME_ALONE * hint, f"{says}, {seen.count:,} values are texts"
    if seen.count or not fits(kind, category):
        return CONTRADICTED * hint, f"{says}, but values are of another form"
    return NAME_ALONE * hint, f"{says}, no values to look at"


def fits(kind: Kind, category: Category) -> bool:
    """Whether a column of this category can hold the kind."""
    match kind:
        case "medical":
            return True
        case "birth_date":
            return category in ("text", "day", "long", "number")
        case "salary":
            return category in ("text", "long", "number")
        case "phone" | "ssn" | "card":
            return category in ("text", "blob", "long", "number")
        case _:
            return category in ("text", "blob")


def _sure(top: float, count: int, seen: int) -> float:
    return top * sqrt(count / seen) * seen / (seen + 0.5)


def _percent(count: int, seen: int) -> str:
    share = 100 * count / max(seen, 1)
    return f"{share:.0f} %" if share >= 1 or not count else "less than 1 %"
