"""Metadata filters agree with SQL's own LIKE."""

import time

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight.metadata.patterns import exact, like

NAMES = ["kev", "KEV", "kev_2", "kevx2", "k%v", "k\\v", "", "a'b", 'a"b', "a\x00b", "é"]


def matching(pattern: str | None) -> list[str]:
    test = like(pattern)
    return [name for name in NAMES if test(name)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (None, NAMES),
        ("%", NAMES),
        ("%%", NAMES),
        ("", [""]),
        ("kev", ["kev", "KEV"]),
        ("kev_2", ["kev_2", "kevx2"]),
        (r"kev\_2", ["kev_2"]),
        ("kev%", ["kev", "KEV", "kev_2", "kevx2"]),
        (r"k\%v", ["k%v"]),
        (r"k\\v", ["k\\v"]),
        ("k_v", ["kev", "KEV", "k%v", "k\\v"]),
        ("_", ["é"]),
        ("%b", ["a'b", 'a"b', "a\x00b"]),
        ("a\x00b", ["a\x00b"]),
        ("a'b", ["a'b"]),
        ("%e%2", ["kev_2", "kevx2"]),
        ("x' OR '1'='1", []),
    ],
)
def test_pattern_keeps_the_names_that_it_should(pattern: str | None, expected: list[str]) -> None:
    assert matching(pattern) == expected


def test_trailing_backslash_is_literal() -> None:
    assert like("k\\")("k\\")
    assert not like("k\\")("k")


def test_missing_name_passes_no_filter_and_the_empty_one() -> None:
    assert exact(None)(None)
    assert exact("")(None)
    assert not exact("a")(None)
    assert like(None)(None)
    assert like("%")(None)
    assert not like("_")(None)


def test_exact_name_is_no_pattern_and_ignores_case() -> None:
    assert exact("Lakehouse")("lakehouse")
    assert not exact("%")("lakehouse")
    assert not exact("lake_ouse")("lakehouse")


def test_hostile_pattern_takes_no_exponential_time() -> None:
    started = time.monotonic()
    assert not like("%a" * 200 + "b")("a" * 2000)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("piece", ["%a", "_", "a", "\\%", "\\\\", "%", "%_", "a\x00", "'\"", "é"])
@pytest.mark.parametrize("name", ["a" * 50, "", "%" * 200, "a\x00" * 20, "no_such_table"])
def test_a_pattern_of_100_kilobytes_is_as_quick_as_its_name_is_short(piece: str, name: str) -> None:
    test = like(piece * (100_000 // len(piece)))
    found = {test(name) for _ in range(2000)}
    assert found == {set(piece) == {"%"}}


letters = st.text("ab%_\\A", max_size=8)


@given(st.lists(st.tuples(letters, letters), min_size=1, max_size=50))
def test_pattern_agrees_with_duckdb(pairs: list[tuple[str, str]]) -> None:
    # DuckDB refuses a pattern that ends in a lone escape; ours takes it literally.
    pairs = [(name, pattern) for name, pattern in pairs if not pattern.replace("\\\\", "").endswith("\\")]
    sql = (
        r"SELECT coalesce(list(x.n ILIKE x.p ESCAPE '\'), []) FROM (SELECT unnest(?::STRUCT(n VARCHAR, p VARCHAR)[]) x)"
    )
    [(expected,)] = duckdb.execute(sql, [[{"n": name, "p": pattern} for name, pattern in pairs]]).fetchall()
    assert [like(pattern)(name) for name, pattern in pairs] == expected
