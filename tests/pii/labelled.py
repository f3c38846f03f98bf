"""Columns of made-up values that are personal data of a known kind, in the formats of several countries, and columns of
values that only look like it. Numbers are random, mail goes to domains reserved for examples."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from server.pii.kinds import Kind
from tests.pii import numbers
from tests.pii.lookalikes import LOOKALIKES

ROWS = 300
Make = Callable[[Random], Any]


@dataclass(frozen=True)
class Labelled:
    """what: in words, for the table of results. kind: None for what is no personal data."""

    name: str
    values: Any  # a pyarrow array
    kind: Kind | None
    what: str


def _email(random: Random) -> str:
    local = random.choice(["user{}", "first.last{}", "u_{}+tag", "{}-info", "Sales{}"]).format(random.randrange(9999))
    return f"{local}@{random.choice(['example.org', 'mail.example.com', 'büro.example.net', 'EXAMPLE.COM'])}"


def _note(inner: Make) -> Make:
    """Free text, of which one in five holds a value."""

    def make(random: Random) -> str:
        about = random.choice(["the delivery", "an invoice", "the second order", "opening hours"])
        said = f"please write to {inner(random)} about it." if random.randrange(5) == 0 else "nothing to add."
        return f"Called at {random.randrange(8, 18)}:30 about {about}, {said}"

    return make


def _birth_date(random: Random) -> date:
    return date(1940, 1, 1) + timedelta(days=random.randrange(24_000))


def _street(form: str) -> Make:
    words = ["Example", "Sample", "Muster", "Linden", "Nord", "Mill", "Garden"]
    return lambda random: form.format(word=random.choice(words), number=random.randrange(1, 200))


# Column name, values, in words. Names such as c1 tell nothing.
POSITIVES: dict[Kind, list[tuple[str, Make, str]]] = {
    "email": [
        ("rare_e", lambda r: _email(r) if r.randrange(200) == 0 else "nothing", "one value in 200"),
        ("c1", _email, "addresses"),
        ("kontakt", lambda r: _email(r) if r.randrange(3) else "", "a third is empty"),
        ("notes_e", _note(_email), "one in five notes"),
        ("userEmail", _email, "camel case name"),
        ("mixed_e", lambda r: _email(r) if r.randrange(2) else "n/a", "half of them"),
        ("link", lambda r: "mailto:" + _email(r), "mailto: links"),
    ],
    "phone": [
        ("p9", numbers.phone("6## ### ###"), "Spain, national, groups of three"),
        ("p10", numbers.phone("01.99.00.##.##"), "France, dots"),
        ("p1", numbers.phone("+1-###-555-01##"), "+1 with dashes"),
        ("p2", numbers.phone("(2##) 555-01##"), "US with brackets"),
        ("p3", numbers.phone("+44 7700 900###"), "UK mobile, international"),
        ("p4", numbers.phone("+49 30 23125 ###"), "Germany, international"),
        ("p5", numbers.phone("01 99 00 ## ##"), "France, national"),
        ("p6", numbers.phone("030/23125-###"), "Germany, national"),
        ("p7", numbers.phone("+61491570###"), "Australia, without spaces"),
        ("p8", numbers.phone("020 7946 0###"), "UK, national"),
        ("telefon_privat", numbers.phone("017655501##"), "bare digits, German name"),
        ("mobile", lambda r: 2025550000 + r.randrange(10_000), "integers, name mobile"),
        ("notes_p", _note(numbers.phone("+1-2##-555-01##")), "one in five notes"),
        ("Tel.-Nr.", numbers.phone("5550#### x##"), "local with extension, name Tel."),
    ],
    "ssn": [
        ("s1", numbers.us_ssn, "US with dashes"),
        ("s2", numbers.uk_nino, "UK national insurance"),
        ("s3", numbers.canada_sin, "Canada"),
        ("s4", numbers.france_nir, "France"),
        ("s5", numbers.spain_dni, "Spain"),
        ("s6", numbers.italy_cf, "Italy"),
        ("s7", numbers.sweden_pn, "Sweden"),
        ("ssn", lambda r: int(numbers.us_ssn(r).replace("-", "")), "US as integers, name ssn"),
        ("social_security_no", lambda r: numbers.us_ssn(r).replace("-", ""), "US bare, name says so"),
        ("notes_s", _note(numbers.us_ssn), "one in five notes"),
    ],
    "card": [
        ("k1", numbers.card("4", 16), "Visa"),
        ("k2", numbers.card("37", 15), "American Express"),
        ("k3", numbers.card("53", 16, " "), "Mastercard in groups"),
        ("k4", numbers.card("2223", 16, "-"), "Mastercard, second range, dashes"),
        ("k5", lambda r: int(numbers.card("6011", 16)(r)), "Discover as integers"),
        ("k6", numbers.card("3530", 16), "JCB"),
        ("kreditkarte", numbers.card("36", 14), "Diners, German name"),
        ("notes_k", _note(numbers.card("4", 16)), "one in five notes"),
    ],
    "iban": [
        ("b1", numbers.iban("DE"), "Germany"),
        ("b2", numbers.iban("GB"), "UK"),
        ("b3", numbers.iban("FR", spaced=True), "France in groups"),
        ("b4", lambda r: numbers.iban(r.choice(["NL", "ES", "IT", "CH", "NO"]))(r), "several countries"),
        ("b5", lambda r: numbers.iban("ES")(r).lower(), "Spain, lower case"),
        ("iban", numbers.iban("IT"), "Italy, name iban"),
        ("notes_b", _note(numbers.iban("DE", spaced=True)), "one in five notes"),
    ],
    "ip": [
        ("i5", lambda r: f"8.{r.randrange(90)}.{r.randrange(90)}.{r.randrange(90)}", "IPv4, numbers below 90"),
        ("i1", lambda r: f"203.0.113.{r.randrange(256)}", "IPv4, public"),
        ("i2", lambda r: f"192.168.{r.randrange(8)}.{r.randrange(256)}", "IPv4, private"),
        ("i3", lambda r: f"2001:db8:{r.randrange(65536):x}::{r.randrange(1, 65536):x}", "IPv6"),
        ("i4", lambda r: f"198.51.100.{r.randrange(256)}/32", "with prefix"),
        ("client_ip", lambda r: f"8.{r.randrange(9)}.{r.randrange(9)}.{r.randrange(9)}", "small octets, name says so"),
        (
            "log_line",
            lambda r: f"203.0.113.{r.randrange(256)} - GET /index.html 200 {r.randrange(9999)}",
            "in log lines",
        ),
    ],
    "birth_date": [
        ("d1", _birth_date, "dates, the name tells nothing"),
        ("birth_date", _birth_date, "dates"),
        ("dob", lambda r: _birth_date(r).strftime("%m/%d/%Y"), "US text"),
        ("Geburtsdatum", lambda r: _birth_date(r).strftime("%d.%m.%Y"), "German text"),
        ("date_naissance", lambda r: _birth_date(r).isoformat(), "ISO text, French name"),
        ("birthYear", lambda r: _birth_date(r).year, "years"),
        ("fecha_nacimiento", lambda r: _birth_date(r).strftime("%d/%m/%Y"), "Spanish"),
    ],
    "salary": [
        ("comp", lambda r: r.randrange(30_000, 150_000), "a name that is no word"),
        ("salary", lambda r: r.randrange(30_000, 150_000), "integers"),
        ("annual_salary_usd", lambda r: round(r.uniform(3e4, 2e5), 2), "floats"),
        ("gehalt", lambda r: f"{r.randrange(30, 150)},000", "text with commas, German name"),
        ("hourly_wage", lambda r: r.uniform(15, 90), "an hour"),
        ("salaire_brut", lambda r: f"€{r.randrange(20_000, 90_000)}", "with currency, French name"),
        ("payRate", lambda r: r.uniform(15, 90), "camel case"),
    ],
    "address": [
        ("a8", _street("ul. {word} {number}"), "Poland"),
        ("a1", _street("{number} {word} Street"), "US"),
        ("a2", _street("{word}straße {number}"), "Germany"),
        ("a3", _street("{number} rue de la {word}"), "France"),
        ("a4", _street("Calle {word} {number}"), "Spain"),
        ("a5", _street("{number} North {word} Ave, Apt 4"), "US with flat"),
        ("a6", _street("Via {word} {number}"), "Italy"),
        (
            "address",
            lambda r: f"Block {r.choice('ABC')}, {r.choice(['east', 'west'])} of the river",
            "name only says so",
        ),
        ("strasse", _street("{word}weg {number}"), "Germany, name says so"),
        ("a7", _street("P.O. Box {number}"), "box"),
    ],
    "medical": [
        ("m3", lambda r: r.choice(["sprained ankle", "sore throat", "cough"]), "complaints outside the vocabulary"),
        ("m1", lambda r: f"{r.choice('EIJKMF')}{r.randrange(10, 99)}.{r.randrange(10)}", "ICD-10 codes"),
        ("diagnosis", lambda r: f"{r.choice('EIJ')}{r.randrange(10, 99)}", "ICD-10 without dots, name says so"),
        ("m2", lambda r: r.choice(["type 2 diabetes", "asthma, mild", "hypertension", "migraine"]), "illnesses"),
        ("allergies", lambda r: r.choice(["nuts", "pollen", "none known"]), "name says so"),
        ("hiv_positive", lambda r: r.random() < 0.1, "boolean, name says so"),
        ("patient_diagnose", lambda r: r.choice(["Hypertonie", "Epilepsie", "Rückenschmerz"]), "German"),
    ],
}


def labelled(seed: int = 1) -> list[Labelled]:
    """All columns, their names unlike each other."""
    random = Random(seed)
    made = [
        Labelled(name, pa.array([make(random) for _ in range(ROWS)]), kind, what)
        for kind, columns in POSITIVES.items()
        for name, make, what in columns
    ]
    made += [
        Labelled(name, pa.array([make(random) for _ in range(ROWS)]), None, what) for name, make, what in LOOKALIKES
    ]
    assert len({column.name.lower() for column in made}) == len(made)
    return made
