"""Needles find what a plain search for each of them finds, no more and no less."""

import json
import uuid
from collections.abc import Iterable

import duckdb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.scanning.needles import BLOCK_WINDOWS, COMPARED_WINDOWS, PAIRS_MAX, Needles
from server.scanning.patterns import NEEDLE_BYTES_MIN, patterns

# So few characters that windows, and whole patterns, nearly match everywhere.
FEW = st.text("ab", min_size=6, max_size=40)
DATA = st.text("ab", max_size=300).map(str.encode)
LONGER_THAN_COMPARED = 8 * COMPARED_WINDOWS + 8
MANY = 1_000_000
CALMLY = settings(deadline=None, max_examples=50)


def by_search(texts: Iterable[str], data: bytes) -> set[int]:
    """The same answer, one pattern at a time."""
    return {number for number, text in enumerate(texts) if any(pattern in data for pattern in patterns(text))}


@CALMLY
@given(st.lists(FEW, unique=True, max_size=30), DATA)
@example(["aaaaaaaa", "aaaaaaaaa", "aaaaaaaaab", "baaaaaaaa"], b"aaaaaaaab")
def test_they_find_what_a_search_for_each_one_finds(texts: list[str], data: bytes) -> None:
    assert Needles.of(texts).find(data) == by_search(texts, data)


@CALMLY
@given(st.lists(st.text(max_size=30), unique=True, max_size=10), st.lists(st.text(max_size=30), max_size=10), st.data())
def test_any_texts_are_found_among_any_others(texts: list[str], others: list[str], data: st.DataObject) -> None:
    joined = "".join(data.draw(st.permutations(others + texts))).encode()
    assert Needles.of(texts).find(joined) == by_search(texts, joined)


@CALMLY
@given(st.lists(FEW, unique=True, max_size=10), st.lists(st.text("ab", max_size=60), max_size=8))
def test_between_borders_nothing_is_found_that_no_single_value_holds(texts: list[str], values: list[str]) -> None:
    borders = np.cumsum([len(value) for value in values], dtype=np.int64)
    expected = set().union(*(by_search(texts, value.encode()) for value in values))
    assert Needles.of(texts).find("".join(values).encode(), borders) == expected


@CALMLY
@given(
    st.integers(NEEDLE_BYTES_MIN, LONGER_THAN_COMPARED + 20),
    st.sampled_from([0, 1, 7, BLOCK_WINDOWS - 8, BLOCK_WINDOWS - 1, BLOCK_WINDOWS, 3 * BLOCK_WINDOWS]),
    st.data(),
)
def test_a_needle_is_found_wherever_it_lies_unless_one_byte_differs(length: int, at: int, data: st.DataObject) -> None:
    noise = np.random.default_rng(length)
    needle = "".join(chr(letter) for letter in noise.integers(97, 123, length))
    needles = Needles.of(["not there at all", needle])
    held = noise.integers(0, 97, at + length + data.draw(st.integers(0, 9)), dtype=np.uint8)
    held[at : at + length] = np.frombuffer(needle.encode(), np.uint8)
    assert needles.find(held) == {1}
    held[at + data.draw(st.integers(0, length - 1))] ^= 1
    assert needles.find(held) == set()


def test_at_the_very_start_and_end_and_as_the_whole() -> None:
    needles = Needles.of(["a needle"])
    assert [needles.find(held) for held in (b"a needle", b"a needle.", b".a needle", b".a needle.")] == [{0}] * 4
    assert [needles.find(held) for held in (b"", b"a", b"a needl", b" needle.", b"a needl.e")] == [set()] * 5


def test_bytes_memoryviews_and_arrays_are_looked_through_alike() -> None:
    needles, held = Needles.of(["a needle"]), b".. a needle in a stack"
    views = [held, bytearray(held), memoryview(held)[3:11], np.frombuffer(held, np.uint8)[3:]]
    assert [needles.find(view) for view in views] == [{0}] * 4
    assert needles.find(memoryview(held)[4:]) == set()


def test_needles_within_needles_are_all_found() -> None:
    whole = "one is in another, which is in a third, and so on until it is longer than what is compared at once"
    texts = [whole[:length] for length in range(8, len(whole) + 1)] + [whole[start:] for start in range(1, 90)]
    needles = Needles.of(texts)
    assert needles.find(whole.encode()) == set(range(len(texts)))
    assert needles.find(whole[:50].encode()) == by_search(texts, whole[:50].encode()) == set(range(43))


def test_of_long_needles_that_differ_in_their_last_byte_one_is_found() -> None:
    texts = ["x" * 5000 + letter for letter in "abcdef"]
    assert Needles.of(texts).find(b"x" * 6000 + b"d" + b"x" * 6000) == {3}


def test_more_pairs_of_place_and_needle_than_are_compared_at_once_are_all_compared() -> None:
    texts = ["x" * length for length in range(8, 200)]
    held = (b"x" * 190 + b"y") * (2 * PAIRS_MAX // (len(texts) * 150))
    assert Needles.of(texts).find(held) == set(range(183))


def test_texts_are_numbered_as_they_first_come_and_short_ones_are_told() -> None:
    needles = Needles.of(iter(["a needle", "short", "a needle", "b needle", "", "sevench"]))
    assert (needles.texts, needles.unsought, len(needles), needles.bytes_max) == (5, 3, 2, 8)
    assert needles.find(b"b needle, short, sevench") == {2}


def test_nothing_is_found_with_no_needles() -> None:
    for needles in (Needles.of([]), Needles.of(["short"])):
        assert (len(needles), needles.bytes_max, needles.find(b"short, or longer")) == (0, 0, set())


@CALMLY
@given(st.text(min_size=8))
def test_a_text_is_found_inside_json_however_it_is_escaped(text: str) -> None:
    needles = Needles.of([text])
    for ascii_only in (False, True):
        assert needles.find(json.dumps(["x", text], ensure_ascii=ascii_only).encode()) == {0}


@pytest.mark.parametrize(
    "text", ['it\'s "here"', "a\\b 'c' \\u00e9", "tab\tand \x01\x1f", "día de \U0001f600", "a\\\\u001f b"]
)
def test_a_text_is_found_inside_what_duckdb_writes_of_a_nested_value(text: str) -> None:
    connection = duckdb.connect()
    shown = "SELECT {'k': [$1]}::VARCHAR, to_json({'k': [$1]})::VARCHAR"
    for value in connection.execute(shown, [text]).fetchone() or ():
        assert Needles.of([text]).find(str(value).encode()) == {0}, value


@CALMLY
@given(st.integers(-(2**63), 2**64 - 1))
def test_an_integer_beyond_32_bits_is_found_as_8_bytes(number: int) -> None:
    stored = b"." + (number % 2**64).to_bytes(8, "little")
    wide = not -(2**31) <= number < 2**32
    assert Needles.of([str(number)]).find(stored) == ({0} if wide else set())


def test_what_is_too_large_or_no_integer_at_all_is_only_a_text() -> None:
    for text in (str(2**64), str(-(2**63) - 1), "--12345678", "1234567x", "²²²²²²²²²", "12345678"):
        assert patterns(text) - {text.encode()} == patterns(text) - patterns(text) | _escaped(text)


def _escaped(text: str) -> set[bytes]:
    escaped = json.dumps(text)[1:-1]
    return {form.encode() for form in (escaped, escaped.replace("00b2", "00B2")) if form != text}


@CALMLY
@given(st.uuids())
def test_a_uuid_is_found_as_the_16_bytes_that_files_hold(number: uuid.UUID) -> None:
    needles = Needles.of([str(number)])
    assert needles.find(b"." + number.bytes) == {0}
    assert needles.find(b".." + (number.int ^ 1 << 127).to_bytes(16, "little")) == {0}
    assert needles.find(number.bytes[:15]) == set()


@CALMLY
@given(st.binary(min_size=8))
def test_a_blob_is_found_by_the_text_that_duckdb_casts_it_to(value: bytes) -> None:
    (text,) = duckdb.execute("SELECT CAST($1::BLOB AS VARCHAR)", [value]).fetchone() or ("",)
    assert Needles.of([text]).find(b"." + value) == {0}


def test_what_only_looks_like_a_blob_is_a_text() -> None:
    for text in ("C:\\xyz and so on", "ends in \\x", "half a byte \\x1"):
        assert Needles.of([text]).find(text.encode()) == {0}


def test_a_million_needles_are_told_apart() -> None:
    needles = Needles.of(f"https://people.example.org/{number:07}/profile" for number in range(MANY))
    assert len(needles) == MANY
    there = [0, 31_337, 999_999]
    held = " ".join(f"https://people.example.org/{number:07}/profile" for number in [*there, MANY, 7_654_321])
    assert needles.find(held.encode()) == set(there)


def test_among_letters_that_differ_in_a_number_only_those_with_the_number_are_found() -> None:
    body = "We thank you for your order, and shall send it as soon as we can. " * 10
    texts = [f"Dear customer, {body}Yours is {number:03}. {body}" for number in range(300)]
    held = "".join(texts[10:20]) + texts[30][:-1]
    assert Needles.of(texts).find(held.encode()) == set(range(10, 20))
