"""Numbers that states give to people, told by their form and, where they have them, by their check digits."""

import re

from server.pii.checksums import luhn

_US = re.compile(r"(\d{3})-(\d{2})-(\d{4})", re.ASCII)
_US_BARE = re.compile(r"(\d{3})(\d{2})(\d{4})", re.ASCII)
_UK = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", re.ASCII)
_CANADA = re.compile(r"\d{3}[ -]\d{3}[ -]\d{3}", re.ASCII)
_FRANCE = re.compile(r"([12]) ?(\d{2}) ?(\d{2}) ?(\d{2}|2[AB]) ?(\d{3}) ?(\d{3}) ?(\d{2})", re.ASCII)
_SPAIN = re.compile(r"([XYZ]?)-?(\d{7,8})-?([A-HJ-NP-TV-Z])", re.ASCII)
_ITALY = re.compile(r"[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", re.ASCII)
_SWEDEN = re.compile(r"(?:19|20)?(\d{2})(\d{2})(\d{2})[-+](\d{4})", re.ASCII)

_SPAIN_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ITALY_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def is_national_id(text: str) -> bool:
    """Whether text, upper case, is a number of one of these countries in the form that people write it in."""
    if (found := _US.fullmatch(text)) is not None:
        return _us(*found.groups())
    if _CANADA.fullmatch(text):
        return text[0] not in "08" and luhn(text.replace(" ", "").replace("-", ""))
    if (found := _FRANCE.fullmatch(text)) is not None:
        return _france(*found.groups())
    if (found := _SWEDEN.fullmatch(text)) is not None:
        return _sweden(*found.groups())
    if (found := _SPAIN.fullmatch(text)) is not None:
        return _spain(*found.groups())
    return _UK.fullmatch(text) is not None or (_ITALY.fullmatch(text) is not None and _italy(text))


def is_bare_national_id(text: str) -> bool:
    """The same for digits alone, which only the name of their column can tell from other numbers."""
    digits = text.zfill(9)
    found = _US_BARE.fullmatch(digits)
    return (found is not None and _us(*found.groups())) or (len(text) == 10 and text.isdigit() and luhn(text))


def _us(area: str, group: str, serial: str) -> bool:
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _france(sex: str, year: str, month: str, department: str, place: str, order: str, key: str) -> bool:
    plausible = 1 <= int(month) <= 12 or int(month) in range(20, 43) or int(month) >= 50
    number = f"{sex}{year}{month}{department.replace('2A', '19').replace('2B', '18')}{place}{order}"
    return plausible and 97 - int(number) % 97 == int(key)


def _spain(letter: str, digits: str, check: str) -> bool:
    if len(digits) != (7 if letter else 8):
        return False
    number = ("XYZ".index(letter) if letter else 0) * 10_000_000 + int(digits)
    return _SPAIN_LETTERS[number % 23] == check


def _italy(text: str) -> bool:
    places = [int(c) if c.isdigit() else ord(c) - 65 for c in text[:15]]
    total = sum(_ITALY_ODD[place] if number % 2 == 0 else place for number, place in enumerate(places))
    return ord(text[15]) - 65 == total % 26


def _sweden(year: str, month: str, day: str, rest: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) % 60 <= 31 and luhn(f"{year}{month}{day}{rest}")
