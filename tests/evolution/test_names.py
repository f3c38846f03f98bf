"""Names of columns: the words in them, and how alike two names are."""

import pytest

from server.evolution.names import similarity, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("customer_id", ["customer", "id"]),
        ("customerID", ["customer", "id"]),
        ("HTTPStatusCode", ["http", "status", "code"]),
        ("addr2line", ["addr", "2", "line"]),
        ("Straße (alt)", ["straße", "alt"]),
        ("__x__", ["x"]),
        ("---", []),
        ("", []),
    ],
)
def test_name_is_cut_into_its_words(name: str, expected: list[str]) -> None:
    assert list(words(name)) == expected


@pytest.mark.parametrize(("one", "other"), [("first_name", "FirstName"), ("id_customer", "customer-id"), ("A1", "a_1")])
def test_same_words_are_the_same_name(one: str, other: str) -> None:
    assert similarity(one, other) == similarity(other, one) == 1.0


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("customer_address", "cust_addr", "customer_phone"),
        ("zip", "zip_code", "city"),
        ("phone_number", "phone_num", "phone_kind"),
        ("salary", "salry", "city"),
    ],
)
def test_likelier_name_is_more_alike(one: str, near: str, far: str) -> None:
    assert 1.0 > similarity(one, near) > similarity(one, far)


@pytest.mark.parametrize(("one", "other"), [("email", "phone"), ("", "a"), ("x", "ab"), ("---", "---")])
def test_names_without_a_word_in_common_are_not_alike(one: str, other: str) -> None:
    assert similarity(one, other) == 0.0
