"""The values of one column, looked at: how many are of which kind. Bounded in values and characters."""

import contextlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from server.pii import forms
from server.pii.checksums import CARD_DIGITS
from server.pii.inside import kinds_inside
from server.pii.kinds import Kind

_DIGIT = re.compile("[0-9]")
WHOLE_CHARS_MAX = 254  # longer texts hold a kind at most inside
CHARS_MAX = 100_000  # of one column that are read for what stands inside texts
PROBED = 100  # distinct values of which one has to be of some kind for the others to be looked at
BORN_FIRST = 1900
SALARY_MAX = 10_000_000

# What other programs write for a hyphen, and what nobody sees.
_SIGNS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-") | dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff")
)
_DAY_FORMS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d")
_SHORT_DAY_FORMS = ("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%y", "%m-%d-%y")
# A day and a year with the month's name, in whatever language.
_MONTH = r"[^\W\d_]{3,12}\.?"
_NAMED_MONTH = re.compile(
    rf"(?:[0-9]{{1,2}}(?:st|nd|rd|th|er|\.)?[ -](?:de )?{_MONTH},?[ -](?:de )?"
    rf"|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? )([0-9]{{4}})",
    re.IGNORECASE,
)

Form = Callable[[str], bool]

ALONE: dict[Kind, Form] = {
    "email": forms.is_email,
    "iban": forms.is_bank_account,
    "card": forms.is_payment_card,
    "ssn": forms.is_ssn,
    "ip": forms.is_ip,
    "phone": forms.is_phone,
    "address": forms.is_address,
}


def is_birth_date(text: str) -> bool:
    """A day, or a year, from 1900 to today."""
    day = _day(text)
    return day is not None and day.year >= BORN_FIRST and day <= datetime.now(UTC).date()


def is_salary(text: str) -> bool:
    """A positive amount, with a currency or without."""
    plain = text.strip("$€£ ").removesuffix("EUR").removesuffix("USD").replace(",", "").replace(" ", "")
    try:
        return 1 < float(plain) <= SALARY_MAX
    except ValueError:
        return False


# A few such values among others tell as much as a few inside texts.
UNMISTAKABLE: frozenset[Kind] = frozenset({"email", "iban"})

# With the name of the column; what is not here is as without it.
NAMED: dict[Kind, Form] = ALONE | {
    "phone": forms.may_be_phone,
    "ssn": forms.may_be_ssn,
    "ip": forms.may_be_ip,
    "birth_date": is_birth_date,
    "salary": is_salary,
    "medical": lambda text: forms.is_icd_10(text) or forms.tells_illness(text),
}


@dataclass
class Seen:
    """count: values that are neither NULL nor blank. letters: those with a letter, if the name tells something. alone:
    that are of the kind by themselves; named: that are if the name of the column says so; inside: texts that hold one.
    no_cards: texts with a number that is a card's but for its check digit. codes: ICD-10 codes with a dot; chapters:
    their first letters. illnesses: texts that name one. unread: texts beyond CHARS_MAX, of which nobody knows what
    stands inside."""

    count: int = 0
    unread: int = 0
    letters: int = 0
    alone: Counter[Kind] = field(default_factory=Counter)
    named: Counter[Kind] = field(default_factory=Counter)
    inside: Counter[Kind] = field(default_factory=Counter)
    no_cards: int = 0
    codes: int = 0
    chapters: set[str] = field(default_factory=set)
    illnesses: int = 0

    @property
    def any(self) -> bool:
        return bool(self.alone or self.inside or self.codes or self.illnesses)


def look(values: Iterable[str], hinted: Collection[Kind], denied: Collection[Kind] = ()) -> Seen:
    """values: of one column, as text. hinted: kinds that the name tells; denied: that it rules out."""
    distinct = Counter(text for value in values if (text := _plain(value)))
    seen = Seen(count=distinct.total())
    left = CHARS_MAX
    for number, (text, count) in enumerate(distinct.items()):
        if hinted:
            _hinted(seen, text, count, hinted)
        if (number >= PROBED and not seen.any and "@" not in text) or _is_whole(seen, text, count, denied):
            continue
        left -= len(text)
        if left > 0:
            _inside(seen, text, count, denied)
        else:
            seen.unread += count
    return seen


def _plain(text: str) -> str:
    """Without what looks the same and is another character: spaces that do not break, hyphens, digits of full width."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return text.strip()


def _hinted(seen: Seen, text: str, count: int, hinted: Collection[Kind]) -> None:
    if len(text) <= WHOLE_CHARS_MAX:
        for kind in hinted:
            if NAMED[kind](text):
                seen.named[kind] += count
    seen.letters += count if any(map(str.isalpha, text[:WHOLE_CHARS_MAX])) else 0


def _is_whole(seen: Seen, text: str, count: int, denied: Collection[Kind]) -> bool:
    """Whether it is of a kind as a whole, or too short to hold one inside."""
    if len(text) < CARD_DIGITS.start and text.isdecimal():
        return True
    if len(text) > WHOLE_CHARS_MAX or _has_no_kind(text):
        return False
    kind = next((kind for kind in _possible(text) if kind not in denied and ALONE[kind](text)), None)
    if kind is not None:
        seen.alone[kind] += count
        if kind in UNMISTAKABLE:
            seen.inside[kind] += count
        return True
    if len(text) <= 8 and forms.is_icd_10(text):
        seen.codes += count if "." in text else 0
        seen.chapters.add(text[0])
        return True
    return False


def _inside(seen: Seen, text: str, count: int, denied: Collection[Kind]) -> None:
    if forms.tells_illness(text):
        seen.illnesses += count
    if _has_no_kind(text):
        return
    inside = kinds_inside(text)
    seen.no_cards += count if inside.no_card else 0
    for found in inside.kinds.difference(denied):
        seen.inside[found] += count


def _has_no_kind(text: str) -> bool:
    """Words alone."""
    return "@" not in text and ":" not in text and _DIGIT.search(text) is None


def _possible(text: str) -> Iterator[Kind]:
    """The kinds that are worth a look, by what a text begins with and how long it is."""
    if "@" in text:
        yield "email"
        return
    first, long = text[0], len(text)
    if long >= 15 and first.isalpha():
        yield "iban"
    if long >= 13 and first.isdigit():
        yield "card"
    if long >= 9:
        yield "ssn"
    if text.count(".") == 3 or ":" in text:
        yield "ip"
    if long >= 8 and (first.isdigit() or first in "+("):
        yield "phone"
    if " " in text:
        yield "address"


def _day(text: str) -> date | None:
    """ISO dates, with a time or without, the usual national forms, with names of months too, and years."""
    if (named := _NAMED_MONTH.fullmatch(text)) is not None:
        return date(int(named.group(1)), 1, 1) if int(named.group(1)) > 0 else None
    plain = text.split("T")[0].split(" ")[0]
    if len(plain) == 4 and plain.isascii() and plain.isdigit():
        return date(int(plain), 1, 1) if int(plain) > 0 else None
    with contextlib.suppress(ValueError):
        return date.fromisoformat(plain)
    for form in _DAY_FORMS:
        with contextlib.suppress(ValueError):
            return datetime.strptime(plain, form).date()
    for form in _SHORT_DAY_FORMS:
        with contextlib.suppress(ValueError):
            return _past(datetime.strptime(plain, form).date())
    return None


def _past(day: date) -> date:
    """A year of two digits is of the last hundred years."""
    return date(day.year - 100, day.month, 1) if day > datetime.now(UTC).date() else day
