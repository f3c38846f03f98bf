"""Chunks: what they hold, how long they are, what they repeat."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InvalidArgument
from server.vectors.chunking import chunk_text

TEXT = "Alpha is the first letter. Beta is the second one. Gamma comes after beta. Delta ends this list of letters."
TEXTS = st.text(alphabet=st.sampled_from("abcA1.!?\n -。,"), max_size=600) | st.text(max_size=300)
SIZES = st.integers(50, 120).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def test_chunks_are_whole_sentences() -> None:
    assert chunk_text(TEXT, 60, 0) == [
        "Alpha is the first letter. Beta is the second one.",
        "Gamma comes after beta. Delta ends this list of letters.",
    ]


def test_overlap_repeats_whole_sentences_of_the_chunk_before() -> None:
    assert chunk_text(TEXT, 60, 25) == [
        "Alpha is the first letter. Beta is the second one.",
        "Beta is the second one. Gamma comes after beta.",
        "Gamma comes after beta. Delta ends this list of letters.",
    ]


def test_overlap_is_dropped_where_the_next_sentence_needs_the_room() -> None:
    long = "x" * 45 + " end."
    assert chunk_text(f"Short one. {long}", 52, 20) == ["Short one.", long]


def test_long_sentence_is_cut_between_words_and_long_word_anywhere() -> None:
    chunks = chunk_text("word " * 30, 52, 0)
    assert [len(chunk) for chunk in chunks] == [49, 49, 49]
    assert all(chunk.split() == ["word"] * 10 for chunk in chunks)
    assert chunk_text("x" * 120, 50, 10) == ["x" * 50, "x" * 50, "x" * 20]


def test_text_that_fits_is_one_chunk_as_it_stands() -> None:
    assert chunk_text("  One.\n\nTwo.  Three. ", 50, 10) == ["One.\n\nTwo.  Three."]


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_blank_text_has_no_chunks(blank: str) -> None:
    assert chunk_text(blank, 100, 10) == []


@pytest.mark.parametrize(("size", "overlap"), [(49, 0), (0, 0), (100, -1), (100, 100), (100, 101)])
def test_sizes_out_of_range_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(InvalidArgument, match=r"too small|out of range"):
        chunk_text("text", size, overlap)


@given(TEXTS, SIZES)
def test_chunks_cover_the_text_in_order_and_none_is_too_long(text: str, sizes: tuple[int, int]) -> None:
    size, overlap = sizes
    chunks = chunk_text(text, size, overlap)
    assert all(chunk.strip() == chunk != "" and len(chunk) <= size for chunk in chunks)
    places = {(-1, 0)}  # where the chunk before may stand; a text that repeats itself leaves several choices
    for chunk in chunks:
        places = {place for before in places for place in _places(text, chunk, before, overlap)}
        assert places
    assert any(text[covered:].strip() == "" for _, covered in places)


def _places(text: str, chunk: str, before: tuple[int, int], overlap: int) -> Iterator[tuple[int, int]]:
    """Where `chunk` can stand: after `before` starts, repeating at most `overlap`, leaving nothing visible out."""
    start, covered = before
    for at in range(max(start + 1, covered - overlap), len(text)):
        if text[covered:at].strip():
            return
        if text.startswith(chunk, at) and at + len(chunk) > covered:
            yield at, at + len(chunk)


@given(TEXTS, st.integers(50, 120))
def test_without_overlap_nothing_is_repeated(text: str, size: int) -> None:
    assert "".join("".join(chunk_text(text, size, 0)).split()) == "".join(text.split())


def test_one_endless_sentence_takes_linear_time() -> None:
    started = time.process_time()
    assert len(chunk_text("word " * 400_000, 50, 0)) == 40_000
    assert time.process_time() - started < 5  # a quadratic walk takes minutes
