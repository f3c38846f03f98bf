"""Cuts texts into chunks for embedding: whole sentences, with a few repeated from the chunk before."""

from collections.abc import Iterator
from dataclasses import dataclass

from server.ai.sentences import skip_space, split_sentences
from server.errors import InvalidArgument

SIZE_MIN = 50  # a smaller chunk holds no sentence worth finding


@dataclass(frozen=True, slots=True)
class _Piece:
    """text[start:end]: a sentence, or a part of one that is longer than a chunk."""

    start: int
    end: int
    whole: bool


def chunk_text(text: str, size: int, overlap: int) -> list[str]:
    """Return the chunks of `text`, each of at most `size` characters, in order; none for a blank text.

    A chunk is a slice of `text` made of whole sentences; only a sentence longer than `size` is cut, between words
    where it has any. A chunk opens with as many whole sentences from the end of the chunk before as fit in `overlap`
    characters. Every character that is not white space is in some chunk.
    Raises InvalidArgument unless size >= 50 and 0 <= overlap < size.
    """
    if size < SIZE_MIN:
        raise InvalidArgument(f"a chunk size of {size} characters is too small: the least is {SIZE_MIN}")
    if not 0 <= overlap < size:
        raise InvalidArgument(
            f"an overlap of {overlap} characters is out of range: 0 to {size - 1} for chunks of {size}"
        )
    pieces = list(_pieces(text, size))
    chunks: list[str] = []
    first = 0
    while first < len(pieces):
        opening = _overlapping(pieces, first, size, overlap) if chunks else first
        start = pieces[opening].start
        last = first
        while last + 1 < len(pieces) and pieces[last + 1].end - start <= size:
            last += 1
        chunks.append(text[start : pieces[last].end])
        first = last + 1
    return chunks


def _overlapping(pieces: list[_Piece], first: int, size: int, overlap: int) -> int:
    """Return the index of the earliest whole sentence that the chunk whose first new piece is `first` can open with."""
    opening = first
    ends_at = pieces[first - 1].end
    while opening > 0:
        piece = pieces[opening - 1]
        if not piece.whole or ends_at - piece.start > overlap or pieces[first].end - piece.start > size:
            break
        opening -= 1
    return opening


def _pieces(text: str, size: int) -> Iterator[_Piece]:
    for start, end in split_sentences(text):
        if end - start <= size:
            yield _Piece(start, end, whole=True)
        else:
            yield from _cut(text, start, end, size)


def _cut(text: str, start: int, end: int, size: int) -> Iterator[_Piece]:
    """Cut text[start:end], which has no white space at its ends, into pieces of at most `size` characters."""
    while end - start > size:
        stop = start + _fitting(text[start : start + size + 1], size)
        yield _Piece(start, stop, whole=False)
        start = skip_space(text, stop)
    yield _Piece(start, end, whole=False)


def _fitting(window: str, size: int) -> int:
    """Return how much of `window`, size + 1 characters, fits in `size` without cutting a word.

    Where it is all one word, that is `size`.
    """
    if window[-1].isspace():
        return len(window.rstrip())
    head = window.rsplit(None, 1)
    return len(head[0]) if len(head) == 2 else size
