"""Answers a question with sentences of the passages themselves: what `rag` does when no chat model is configured."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.ai.providers import EmbeddingProvider, never
from server.ai.sentences import split_sentences
from server.errors import InvalidArgument

WORDS_MIN = 4  # a heading or a line of code is often shorter, and says little by itself
WORDS_ALONE = 8  # a shorter sentence is quoted with the one before it, which says what it is about
JOINED_CHARS_MAX = 500
SAME_COSINE = 0.9  # two sentences this near say the same
RELEVANT_COSINE = 0.2  # unrelated sentences come to about this
RELEVANT_SHARE = 0.6  # of the best score: less would only dilute the answer
NOVELTY = 0.2  # weight of what a sentence adds to those picked, against what it has to do with the question
SENTENCES_CONSIDERED_MAX = 2_000  # in the order of the passages; bounds the time of one answer

# Sentences that open like this lean on the one before.
_LEANING = frozenset(
    "this these that those it they such its their he she otherwise however therefore thus hence then also "
    "both neither again instead consequently similarly".split()
)

_CLOSERS = "\"'”’»)]}*"  # noqa: RUF001


@dataclass(frozen=True)
class Quote:
    """Words of passages[passage], verbatim. score: their cosine with the question, -1 to 1."""

    passage: int
    text: str
    score: float


@dataclass(frozen=True)
class _Candidate:
    """passages[passage][start:end]: one sentence, or two that belong together."""

    passage: int
    start: int
    end: int
    text: str

    def overlaps(self, other: "_Candidate") -> bool:
        return self.passage == other.passage and self.start < other.end and other.start < self.end


def answer_from(
    question: str,
    passages: Sequence[str],
    provider: EmbeddingProvider,
    sentences_max: int = 3,
    cancelled: Callable[[], bool] = never,
) -> list[Quote]:
    """Return at most `sentences_max` quotes that come nearest to the question, in the order they stand in.

    A quote is a sentence, or two where the second leans on the first. Left out is what repeats a better quote, what
    has little to do with the question, and fragments as long as there is a full sentence. Raises InvalidArgument for a
    blank question or sentences_max < 1, and what the provider raises.
    """
    if not question.strip():
        raise InvalidArgument("the question is blank")
    if sentences_max < 1:
        raise InvalidArgument(f"an answer needs at least 1 sentence, not {sentences_max}")
    candidates = _candidates(passages)
    if not candidates:
        return []
    vectors = provider.embed([question, *(candidate.text for candidate in candidates)], cancelled)
    scores = vectors[1:] @ vectors[0]
    picked = _pick(candidates, scores, vectors[1:], sentences_max)
    picked.sort(key=lambda row: (candidates[row].passage, candidates[row].start))
    return [Quote(candidates[row].passage, candidates[row].text, float(scores[row])) for row in picked]


def _candidates(passages: Sequence[str]) -> list[_Candidate]:
    """What may be quoted, in reading order, no text twice; fragments only where there is nothing else."""
    found: dict[str, _Candidate] = {}
    for number, passage in enumerate(passages):
        for start, end in _spans(passage):
            found.setdefault(passage[start:end], _Candidate(number, start, end, passage[start:end]))
    full = [candidate for text, candidate in found.items() if not _is_fragment(text)]
    return (full or list(found.values()))[:SENTENCES_CONSIDERED_MAX]


def _spans(passage: str) -> Iterator[tuple[int, int]]:
    """Sentences, each joined to the one before in its paragraph if it leans on that."""
    before: tuple[int, int] | None = None
    for start, end in split_sentences(passage):
        text = passage[start:end]
        whole = before is not None and not _is_fragment(passage[slice(*before)])
        if before is not None and whole and _leans(text) and not _is_fragment(text):
            near = passage.count("\n", before[1], start) < 2 and end - before[0] <= JOINED_CHARS_MAX
            yield (before[0] if near else start), end
        else:
            yield start, end
        before = (start, end)


def _leans(text: str) -> bool:
    words = text.split(None, WORDS_ALONE)
    return len(words) < WORDS_ALONE or words[0].strip(",").lower() in _LEANING


def _is_fragment(text: str) -> bool:
    """Whether a text is too little to quote: a heading, few words, or an announcement of what follows it.

    Scripts without spaces have a full stop instead of words.
    """
    if text.startswith("#") or text.endswith(":"):
        return True
    if text.endswith(("。", "！", "？")):  # noqa: RUF001
        return False
    ended = text.rstrip(_CLOSERS).endswith((".", "!", "?", "…"))
    return len(text.split()) < (WORDS_MIN if ended else WORDS_ALONE)


def _pick(
    candidates: Sequence[_Candidate], scores: NDArray[np.float32], vectors: NDArray[np.float32], count: int
) -> list[int]:
    """Return up to `count` rows: the nearest to the question, then those that are near and add the most.

    scores: (n,) float32; vectors: (n, dimension) float32, unit length.
    """
    least = max(RELEVANT_COSINE, RELEVANT_SHARE * float(scores.max()))
    open_rows = [row for row in np.argsort(-scores, kind="stable").tolist() if scores[row] >= least]
    nearest = np.zeros(len(candidates), dtype=np.float32)  # cosine with the nearest one picked
    picked: list[int] = []
    while open_rows and len(picked) < count:
        best = max(open_rows, key=lambda row: (1 - NOVELTY) * scores[row] - NOVELTY * nearest[row])
        picked.append(best)
        nearest = np.maximum(nearest, vectors @ vectors[best])
        open_rows = [
            row for row in open_rows if nearest[row] < SAME_COSINE and not candidates[row].overlaps(candidates[best])
        ]
    return picked
