"""Answers a question with sentences of the passages themselves: what `rag` does when no chat model is configured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.ai.providers import EmbeddingProvider, never
from server.ai.sentences import split_sentences
from server.errors import InvalidArgument

WORDS_MIN = 4  # a heading or a line of code is often shorter, and says little by itself
SAME_COSINE = 0.9  # two sentences this near say the same
SENTENCES_CONSIDERED_MAX = 2_000  # in the order of the passages; bounds the time of one answer


@dataclass(frozen=True)
class Quote:
    """A sentence of passages[passage], verbatim. score: its cosine with the question, -1 to 1."""

    passage: int
    text: str
    score: float


def answer_from(
    question: str,
    passages: Sequence[str],
    provider: EmbeddingProvider,
    sentences_max: int = 3,
    cancelled: Callable[[], bool] = never,
) -> list[Quote]:
    """Return at most `sentences_max` sentences that come nearest to the question, in the order they stand in.

    Sentences that repeat a better one are left out, and so are fragments as long as there is a full sentence. The
    result is empty only if the passages are. Raises InvalidArgument for a blank question or sentences_max < 1, and
    what the provider raises.
    """
    if not question.strip():
        raise InvalidArgument("the question is blank")
    if sentences_max < 1:
        raise InvalidArgument(f"an answer needs at least 1 sentence, not {sentences_max}")
    sentences = _sentences(passages)
    if not sentences:
        return []
    vectors = provider.embed([question, *(text for _, text in sentences)], cancelled)
    scores = vectors[1:] @ vectors[0]
    picked = sorted(_pick(scores, vectors[1:], sentences_max))
    return [Quote(sentences[row][0], sentences[row][1], float(scores[row])) for row in picked]


def _sentences(passages: Sequence[str]) -> list[tuple[int, str]]:
    """Return (passage, sentence) in reading order, without repetitions and, where possible, without fragments."""
    found: dict[str, int] = {}
    for number, passage in enumerate(passages):
        for start, end in split_sentences(passage):
            found.setdefault(passage[start:end], number)
    full = [(number, text) for text, number in found.items() if not _is_fragment(text)]
    every = [(number, text) for text, number in found.items()]
    return (full or every)[:SENTENCES_CONSIDERED_MAX]


def _is_fragment(text: str) -> bool:
    """Whether a text is too little to quote: a heading, or few words. Scripts without spaces have a full stop."""
    return text.startswith("#") or (len(text.split()) < WORDS_MIN and not text.endswith(("。", "！", "？")))  # noqa: RUF001


def _pick(scores: NDArray[np.float32], vectors: NDArray[np.float32], count: int) -> list[int]:
    """Return up to `count` rows, best score first, none nearer than SAME_COSINE to one picked before.

    scores: (n,) float32; vectors: (n, dimension) float32, unit length.
    """
    picked: list[int] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        if len(picked) == count:
            break
        if all(float(vectors[row] @ vectors[other]) < SAME_COSINE for other in picked):
            picked.append(row)
    return picked
