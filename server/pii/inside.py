"""Kinds inside longer text: an e-mail address in a note, a card's number in a message."""

import re
from typing import NamedTuple

from server.pii.checksums import IBAN_CHARS, is_card, is_iban, may_be_card
from server.pii.forms import digits_of, is_email, is_ip, is_phone
from server.pii.identifiers import is_national_id
from server.pii.kinds import Kind

_EMAIL = re.compile(r"(?<![\w.%+:/@-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w:@])")
# Numbers with what may stand in them, from the first digit to the last, nothing of a longer word around them.
_NUMBER = re.compile(r"(?<![\w.,:/+#=&%_-])(?:\+ ?|\()?[0-9][0-9 .()/-]{5,26}[0-9](?![\w%_-]|[.,:/][0-9])")
# A card's within one of those, with a number before or after it: an order's, the month in which it expires.
_CARD = re.compile(
    r"(?<![0-9])(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}"
    r"|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})(?![0-9])"
)
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?= ?[A-Z0-9]{4})")
_IPV4 = re.compile(r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9])")
_VERSION = re.compile(r"(?:version|release|build|firmware|v|ver)[ .:]*$", re.IGNORECASE)
BEFORE_CHARS = 12


class Inside(NamedTuple):
    """no_card: there is a number that is a card's but for its check digit."""

    kinds: set[Kind]
    no_card: bool


def kinds_inside(text: str) -> Inside:
    """The kinds that stand in a text among other words."""
    found = set[Kind]()
    no_card = False
    if "@" in text and any(is_email(match.group()) for match in _EMAIL.finditer(text)):
        found.add("email")
    for number in map(re.Match.group, _NUMBER.finditer(text)):
        if (kind := _of_number(number)) is not None:
            found.add(kind)
            continue
        cards = {digits_of(number), *(digits_of(match.group()) for match in _CARD.finditer(number))}
        if any(map(is_card, cards)) and "." not in number:
            found.add("card")
        elif any(map(may_be_card, cards)):
            no_card = True
    if any(_has_iban(text, match.start()) for match in _IBAN.finditer(text)):
        found.add("iban")
    if text.count(".") >= 3 and any(_ip(text, match) for match in _IPV4.finditer(text)):
        found.add("ip")
    return Inside(found, no_card)


def _of_number(number: str) -> Kind | None:
    if is_national_id(number) and number.count("-") == 2:
        return "ssn"
    if is_phone(number) and (number[0] in "+(" or number.count("-") == 2):
        return "phone"
    return None


def _has_iban(text: str, start: int) -> bool:
    """Whether as many letters and digits as its country asks for make an IBAN, spaces between them left out."""
    count, taken, place = IBAN_CHARS.get(text[start : start + 2], 0), "", start
    while len(taken) < count and place < len(text) and (text[place] == " " or text[place].isalnum()):
        taken += text[place].strip()
        place += 1
    return bool(count) and is_iban(taken) and not text[place : place + 1].isalnum()


def _ip(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - BEFORE_CHARS) : match.start()]
    return is_ip(match.group()) and _VERSION.search(before) is None
