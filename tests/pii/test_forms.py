"""Check digits and forms, one value at a time."""

import pytest

from server.catalog.migrate import views
from server.pii import forms
from server.pii.hints import HINTS
from server.pii.inside import kinds_inside
from server.pii.kinds import KINDS, THRESHOLD
from server.pii.names import hints, parts


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("4111111111111111", "4111111111111112"),
        ("378282246310005", "378282246310006"),
        ("3530 1113 3330 0000", "3530 1113 3330 0001"),
        ("6011-1111-1111-1117", "9011-1111-1111-1117"),
        ("4111111111111111.0", "411111111111111"),
    ],
)
def test_cards_have_an_issuer_a_length_and_a_check_digit(right: str, wrong: str) -> None:
    assert (forms.is_payment_card(right), forms.is_payment_card(wrong)) == (True, False)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432", "GB82WEST1234569876543"),
        ("fr1420041010050500013m02606", "XX1420041010050500013M02606"),
    ],
)
def test_ibans_have_the_length_of_their_country_and_a_checksum(right: str, wrong: str) -> None:
    assert (forms.is_bank_account(right), forms.is_bank_account(wrong)) == (True, False)


@pytest.mark.parametrize(
    "text", ["a@example.org", "a.b+c@mail.example.co.uk", "mailto:a@example.org", "ü@büro.example"]
)
def test_mail_addresses(text: str) -> None:
    assert forms.is_email(text)


@pytest.mark.parametrize("text", ["icon@2x.png", "@handle", "a@b", "pkg@1.2.3", "a b@example.org", "a@example.org."])
def test_what_is_no_mail_address(text: str) -> None:
    assert not forms.is_email(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to a@example.org, please", {"email"}),
        ("ssh://git@example.org/repo and https://u:p@example.org", set()),
        ("paid with 4111 1111 1111 1111 today", {"card"}),
        ("paid with 4111 1111 1111 1111 12/26, code 123", {"card"}),
        ("order 12345 4111111111111111 shipped", {"card"}),
        ("to DE89 3704 0044 0532 0130 00 by Friday", {"iban"}),
        ("call +1-202-555-0143 or not", {"phone"}),
        ("his number, 123-45-6789, is known", {"ssn"}),
        ("from 203.0.113.9 to 198.51.100.7", {"ip"}),
        ("version 10.0.0.200 of it, build 192.168.1.1", set()),
        ("on 2024-01-02 10:30:00, order 2024-0001-0002", set()),
        ("ref 1234567890123456, tel ext 12", set()),
    ],
)
def test_kinds_inside_texts(text: str, kinds: set[str]) -> None:
    assert kinds_inside(text).kinds == kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("e_mail", "email"),
        ("customerEmailAddress", "email"),
        ("Kundentelefon", "phone"),
        ("date_of_birth", "birth_date"),
        ("Straße", "address"),
        ("clientIPv4", "ip"),
        ("IBAN-Nr.", "iban"),
        ("CreditCardNo", "card"),
        ("Jahresgehalt", "salary"),
        ("patient_allergies", "medical"),
        ("social security number", "ssn"),
    ],
)
def test_names_in_several_styles_and_languages_tell_a_kind(name: str, kind: str) -> None:
    assert hints((name,)).get(kind) == 1.0, parts(name)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "name", ["description", "email_count", "phone_type", "ip_version", "web_address", "zipper", "panel", "birth_place"]
)
def test_names_that_have_a_word_inside_tell_nothing(name: str) -> None:
    assert hints((name,)) == {}


def test_every_kind_has_hints_and_the_views_have_the_threshold() -> None:
    assert set(HINTS) == set(KINDS)
    texts = [file.text for file in views() if file.name in ("column_pii.sql", "column_facts.sql")]
    assert all(f"confidence >= {THRESHOLD}" in text for text in texts)
