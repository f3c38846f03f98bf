"""Random numbers with right check digits."""

from collections.abc import Callable
from random import Random

from server.pii.checksums import IBAN_CHARS, luhn
from server.pii.identifiers import is_national_id

Make = Callable[[Random], str]

_LETTERED = {"GB": 4, "NL": 4, "IT": 1}  # letters that an account begins with
_ITALIAN_MONTHS = "ABCDEHLMPRST"


def digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def phone(form: str) -> Make:
    """Each # becomes a digit, the first of a group of three for an area from 2 on."""
    return lambda random: "".join(random.choice("23456789") if c == "#" else c for c in form)


def with_luhn(base: str) -> str:
    return next(base + last for last in "0123456789" if luhn(base + last))


def card(prefix: str, length: int, separator: str = "") -> Make:
    def make(random: Random) -> str:
        number = with_luhn(prefix + digits(random, length - len(prefix) - 1))
        return separator.join(number[start : start + 4] for start in range(0, length, 4)) if separator else number

    return make


def iban(country: str, spaced: bool = False) -> Make:
    def make(random: Random) -> str:
        letters = "".join(random.choice("ABCDEFGHJK") for _ in range(_LETTERED.get(country, 0)))
        account = letters + digits(random, IBAN_CHARS[country] - 4 - len(letters))
        told = "".join(str(int(character, 36)) for character in f"{account}{country}00")
        whole = f"{country}{98 - int(told) % 97:02}{account}"
        return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4)) if spaced else whole

    return make


def us_ssn(random: Random) -> str:
    return f"{random.randrange(1, 665):03}-{random.randrange(1, 100):02}-{random.randrange(1, 10_000):04}"


def uk_nino(random: Random) -> str:
    return (
        f"{random.choice('ABCE')}{random.choice('ABCE')} {digits(random, 2)} {digits(random, 2)} {digits(random, 2)} A"
    )


def canada_sin(random: Random) -> str:
    number = with_luhn(random.choice("1234567") + digits(random, 7))
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def france_nir(random: Random) -> str:
    number = f"{random.choice('12')}{digits(random, 2)}{random.randrange(1, 13):02}{random.randrange(1, 96):02}"
    number += digits(random, 6)
    return f"{number}{97 - int(number) % 97:02}"


def spain_dni(random: Random) -> str:
    number = random.randrange(100_000_000)
    return f"{number:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def italy_cf(random: Random) -> str:
    name = "".join(random.choice("BCDFGLMNPRST") for _ in range(6))
    base = f"{name}{digits(random, 2)}{random.choice(_ITALIAN_MONTHS)}{random.randrange(1, 29):02}H{digits(random, 3)}"
    return next(base + last for last in map(chr, range(65, 91)) if is_national_id(base + last))


def sweden_pn(random: Random) -> str:
    base = f"{random.randrange(40, 99):02}{random.randrange(1, 13):02}{random.randrange(1, 29):02}{digits(random, 3)}"
    number = with_luhn(base)
    return f"{number[:6]}-{number[6:]}"
