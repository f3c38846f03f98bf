"""Numbers with check digits: payment cards and IBANs."""

from itertools import cycle

CARD_DIGITS = range(13, 20)

# First digits of issuers as ranges of their first six, with the lengths of their numbers.
_ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (222100, 272099, (16,)),
    (300000, 305999, (14,)),
    (309500, 309599, (14,)),
    (340000, 349999, (15,)),
    (352800, 358999, (16, 17, 18, 19)),
    (360000, 369999, (14,)),
    (370000, 379999, (15,)),
    (380000, 399999, (14,)),
    (400000, 499999, (13, 16, 19)),
    (501800, 501899, (16, 17, 18, 19)),
    (502000, 502099, (16, 17, 18, 19)),
    (503800, 503899, (16, 17, 18, 19)),
    (510000, 559999, (16,)),
    (601100, 601199, (16, 19)),
    (620000, 629999, (16, 17, 18, 19)),
    (644000, 659999, (16, 19)),
    (675900, 676399, (16, 17, 18, 19)),
)

# Length of an IBAN by the country that it begins with.
IBAN_CHARS = {
    **dict.fromkeys(["NO"], 15),
    **dict.fromkeys(["BE"], 16),
    **dict.fromkeys(["DK", "FI", "FK", "FO", "GL", "NL", "SD"], 18),
    **dict.fromkeys(["MK", "SI"], 19),
    **dict.fromkeys(["AT", "BA", "EE", "KZ", "LT", "LU", "MN", "XK"], 20),
    **dict.fromkeys(["CH", "HR", "LI", "LV"], 21),
    **dict.fromkeys(["BG", "BH", "CR", "DE", "GB", "GE", "IE", "ME", "RS", "VA"], 22),
    **dict.fromkeys(["AE", "GI", "IL", "IQ", "OM", "SO", "TL"], 23),
    **dict.fromkeys(["AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"], 24),
    **dict.fromkeys(["LY", "PT", "ST"], 25),
    **dict.fromkeys(["IS", "TR"], 26),
    **dict.fromkeys(["BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM"], 27),
    **dict.fromkeys(["AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"], 28),
    **dict.fromkeys(["BR", "EG", "PS", "QA", "UA"], 29),
    **dict.fromkeys(["JO", "KW", "MU", "YE"], 30),
    **dict.fromkeys(["MT", "SC"], 31),
    **dict.fromkeys(["LC"], 32),
    **dict.fromkeys(["RU"], 33),
}

_LETTERS = {chr(ord("A") + number): str(10 + number) for number in range(26)}
_TO_DIGITS = str.maketrans(_LETTERS)


def luhn(digits: str) -> bool:
    """Whether the last of these ASCII digits is the check digit of the others."""
    total = 0
    for digit, doubled in zip(reversed(digits), cycle((False, True)), strict=False):
        number = ord(digit) - 48
        total += number if not doubled else number * 2 - (9 if number > 4 else 0)
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether ASCII digits are a card's number: its issuer, its length and its check digit."""
    return may_be_card(digits) and luhn(digits)


def may_be_card(digits: str) -> bool:
    """The same but for the check digit, which one number in ten has by chance."""
    if len(digits) not in CARD_DIGITS or digits[0] not in "23456":
        return False
    first = int(digits[:6])
    return any(low <= first <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)


def is_iban(text: str) -> bool:
    """Whether text, upper case and without spaces, has the length of its country and a remainder of 1 by 97."""
    plain = text.isascii() and text.isalnum() and text.isupper() and text[2:4].isdigit()
    if not plain or IBAN_CHARS.get(text[:2]) != len(text):
        return False
    return int((text[4:] + text[:4]).translate(_TO_DIGITS)) % 97 == 1
