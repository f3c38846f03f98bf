"""Values that look like personal data and are none, under names that tell nothing and under names that mislead."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from server.pii.checksums import IBAN_CHARS, is_iban, luhn
from tests.pii.numbers import digits, with_luhn


def _no_card(random: Random) -> str:
    """16 digits with the first one of a card, whose check digit is wrong."""
    number = "4" + digits(random, 15)
    return number if not luhn(number) else number[:-1] + str((int(number[-1]) + 1) % 10)


def _no_iban(random: Random) -> str:
    """A product code with the form of an IBAN and a wrong remainder."""
    number = f"DE{digits(random, IBAN_CHARS['DE'] - 2)}"
    return number if not is_iban(number) else number[:-1] + str((int(number[-1]) + 1) % 10)


def _isbn(random: Random) -> str:
    base = f"978{digits(random, 9)}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(base))
    return base + str(-total % 10)


def _isbn_dashed(random: Random) -> str:
    number = _isbn(random)
    return f"{number[:3]}-{number[3]}-{number[4:6]}-{number[6:12]}-{number[12]}"


def _moment(random: Random) -> datetime:
    return datetime(2020, 1, 1) + timedelta(seconds=random.randrange(150_000_000))


def _hash(random: Random) -> str:
    return hashlib.sha256(digits(random, 9).encode()).hexdigest()


LOOKALIKES: list[tuple[str, Callable[[Random], Any], str]] = [
    ("n1", _no_card, "16 digits that fail Luhn"),
    ("n2", lambda r: int(_no_card(r)), "16 digits that fail Luhn, as integers"),
    ("order_no", lambda r: "9" + digits(r, 15), "order numbers of 16 digits"),
    ("n3", lambda r: 4_000_000_000_000_000 + r.randrange(10**15), "random integers of 16 digits"),
    ("n4", _no_iban, "product codes like IBANs"),
    (
        "n5",
        lambda r: f"{r.randrange(10)}.{r.randrange(20)}.{r.randrange(30)}.{r.randrange(40)}",
        "versions of four parts",
    ),
    ("version", lambda r: f"10.0.{r.randrange(256)}.{r.randrange(256)}", "versions, by name"),
    ("n6", lambda r: f"{r.randrange(10)}.{r.randrange(20)}.{r.randrange(30)}", "versions of three parts"),
    ("n7", _isbn, "ISBN"),
    ("n8", _isbn_dashed, "ISBN with dashes"),
    ("n9", _moment, "timestamps"),
    ("n10", lambda r: _moment(r).isoformat(), "timestamps as text"),
    ("n11", lambda r: _moment(r).strftime("%d-%m-%Y"), "days as text"),
    ("n12", lambda r: int(_moment(r).timestamp()), "seconds since 1970"),
    ("n13", lambda r: int(_moment(r).timestamp() * 1000), "milliseconds since 1970"),
    ("n14", lambda r: str(UUID(int=r.getrandbits(128))), "UUIDs"),
    ("n15", lambda r: round(r.uniform(1, 999), 2), "prices"),
    ("n16", lambda r: f"${r.uniform(1, 99999):,.2f}", "prices as text"),
    ("n17", lambda r: f"{r.uniform(0, 100):.1f}%", "percentages"),
    ("n18", _hash, "SHA-256"),
    ("n19", lambda r: f"icon{r.randrange(99)}@2x.png", "names of pictures"),
    ("n20", lambda r: f"package@{r.randrange(9)}.{r.randrange(9)}.{r.randrange(9)}", "packages with versions"),
    ("n21", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), "MAC addresses"),
    ("n22", lambda r: f"{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}", "times of day"),
    ("n23", lambda r: f"{r.uniform(-90, 90):.5f},{r.uniform(-180, 180):.5f}", "coordinates"),
    ("n24", lambda r: f"{r.choice('ABCD')}{r.randrange(10, 99)}", "shelf codes"),
    ("n25", lambda r: f"SKU-{digits(r, 4)}-{digits(r, 4)}", "article numbers"),
    ("n26", lambda r: digits(r, 9), "nine digits"),
    ("n27", lambda r: digits(r, 10), "ten digits"),
    ("n28", lambda r: f"https://example.org/doc/{r.randrange(10**9)}/{r.randrange(99)}.html", "addresses of pages"),
    (
        "n29",
        lambda r: f"released {r.randrange(1, 9)}.0.{r.randrange(99)}.{r.randrange(9)} on 2024-05-{r.randrange(10, 28)}",
        "texts with versions",
    ),
    ("n30", lambda r: f"{r.randrange(1, 60)} items in {r.randrange(1, 9)} boxes", "texts with counts"),
    ("n31", lambda r: f"CVE-20{r.randrange(10, 26)}-{digits(r, 5)}", "CVE numbers"),
    ("n32", lambda r: f"{r.randrange(10, 99)}-{digits(r, 7)}", "numbers of parts"),
    ("n33", lambda r: f"@handle{r.randrange(999)}", "handles"),
    ("n34", lambda r: f"Spring {r.randrange(2000, 2026)}", "seasons"),
    ("n35", lambda r: f"{r.randrange(1, 13)}/{r.randrange(1, 29)}/{r.randrange(2000, 2026)}", "US days"),
    ("n36", lambda r: f"{r.randrange(1, 999)} {r.choice(['red', 'green'])} widgets", "counts of things"),
    ("n37", lambda r: digits(r, 15), "IMEI-like, 15 digits"),
    ("n38", lambda r: f"{digits(r, 4)} {digits(r, 4)} {digits(r, 4)} {digits(r, 4)}", "16 random digits in groups"),
    ("n39", lambda r: f"2.5.{r.randrange(9)}.{r.randrange(100, 256)}", "versions with builds from 100 to 255"),
    ("n40", lambda r: f"{r.choice('ABCDE')}{r.randrange(10, 99)}.{r.randrange(9)}", "shelf codes with a dot"),
    ("n41", lambda r: f"{r.randrange(200, 999)}-{r.randrange(200, 999)}-{digits(r, 4)}", "tool numbers like US phones"),
    ("n42", lambda r: f"{r.randrange(1, 99)} {r.choice(['Main', 'Long'])} Way", "titles of songs like streets"),
    ("n43", lambda r: with_luhn("600649" + digits(r, 9)), "gift cards, which have a check digit too"),
    ("n44", lambda r: with_luhn("35" + digits(r, 12)), "IMEI, with their check digit"),
    ("n45", lambda r: f"support{r.randrange(9)}@localhost", "accounts of machines"),
    ("email_id", lambda r: r.randrange(10**6), "numbers, name has email"),
    ("email_verified", lambda r: r.random() < 0.5, "booleans, name has email"),
    ("phone_model", lambda r: r.choice(["X100", "Model 7", "Z-Flip 3"]), "models of phones"),
    ("microphone", lambda r: r.choice(["on", "off"]), "a word that ends in phone"),
    ("ship_description", lambda r: r.choice(["large", "small"]), "words that have ip inside"),
    ("mac_address", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), "MAC addresses, by name"),
    ("web_address", lambda r: f"https://example.org/{r.randrange(999)}", "addresses of pages, by name"),
    ("wallet_address", lambda r: "0x" + _hash(r)[:40], "wallets"),
    ("birth_place", lambda r: r.choice(["north", "south"]), "places"),
    ("card_type", lambda r: r.choice(["gold", "silver"]), "types of cards"),
    ("salary_currency", lambda r: r.choice(["USD", "EUR"]), "currencies"),
    ("payment_date", _moment, "days of payments"),
    ("health_status", lambda r: r.choice(["up", "down"]), "states of services"),
    ("created_by_ip_version", lambda r: r.choice([4, 6]), "versions of the protocol"),
    ("mobile_app_version", lambda r: f"{r.randrange(9)}.{r.randrange(9)}", "versions of an app"),
    ("discharge", lambda r: r.uniform(0, 99), "flow of a river"),
    ("panel", lambda r: r.choice(["left", "right"]), "a word that begins with pan"),
]
