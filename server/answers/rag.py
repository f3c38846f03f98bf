"""Answers with citations: retrieve, then quote the best sentences, or let the configured LLM answer from them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from server.ai.providers import ChatProvider, never
from server.ai.registry import Providers
from server.answers.extractive import answer_from
from server.answers.prompting import build_prompt, parse_citations
from server.config import Settings
from server.errors import LimitExceeded
from server.vectors.search import Match, VectorSearch

NOTHING_FOUND = "Not in the sources."


@dataclass(frozen=True)
class Citation:
    """n: the number in the answer. quote: the sentence quoted, or the whole chunk where a chat model cites it."""

    n: int
    doc_id: str
    chunk_id: int
    score: float
    quote: str


@dataclass(frozen=True)
class Answer:
    answer: str
    citations: list[Citation]
    model: str
    index_name: str
    generation: int | None
    profile: str | None
    took_ms: float

    def row(self) -> dict[str, Any]:
        return asdict(self)


class Rag:
    def __init__(self, search: VectorSearch, providers: Providers, settings: Settings) -> None:
        self._search = search
        self._providers = providers
        self._settings = settings

    def answer(
        self, index_name: str | None, question: str | None, k: int | None, cancelled: Callable[[], bool] = never
    ) -> Answer:
        """Answer from the k best chunks; every citation is one of them. Raises as VectorSearch.search does."""
        started = time.perf_counter()
        question = self._search.checked_text(question)
        if k is not None and k > self._settings.rag_k_max:
            raise LimitExceeded("rag_k_max", f"k is {k}, at most {self._settings.rag_k_max} is allowed")
        index = self._search.find(index_name)
        matches = self._search.search(index.index_name, [question], k, cancelled)[0]
        text, citations, model = self._answer_from(question, matches, cancelled)
        generation = matches[0].generation if matches else None
        took_ms = (time.perf_counter() - started) * 1000
        return Answer(text, citations, model, index.index_name, generation, None, took_ms)

    def _answer_from(
        self, question: str, matches: Sequence[Match], cancelled: Callable[[], bool]
    ) -> tuple[str, list[Citation], str]:
        if self._providers.chat is not None:
            return *_generate(self._providers.chat, question, matches, cancelled), self._providers.chat.model
        model = f"extractive ({self._providers.builtin.model})"
        return *self._extract(question, matches, cancelled), model

    def _extract(
        self, question: str, matches: Sequence[Match], cancelled: Callable[[], bool]
    ) -> tuple[str, list[Citation]]:
        passages = [match.chunk_text or "" for match in matches]
        quotes = answer_from(question, passages, self._providers.builtin, cancelled=cancelled) if passages else []
        if not quotes:
            return NOTHING_FOUND, []
        citations = [_citation(n, matches[q.passage], q.text, q.score) for n, q in enumerate(quotes, 1)]
        return " ".join(f"{c.quote} [{c.n}]" for c in citations), citations


def _generate(
    chat: ChatProvider, question: str, matches: Sequence[Match], cancelled: Callable[[], bool]
) -> tuple[str, list[Citation]]:
    """The chat model's answer and the chunks it names. Where it names none, all it was given are cited: what it says
    can come from nowhere else that we could show."""
    if not matches:
        return NOTHING_FOUND, []
    system, user = build_prompt(question, [match.chunk_text or "" for match in matches])
    text, cited = parse_citations(chat.chat(system, user, cancelled), len(matches))
    numbers = cited or range(1, len(matches) + 1)
    return text, [_citation(n, matches[n - 1], matches[n - 1].chunk_text or "", matches[n - 1].score) for n in numbers]


def _citation(n: int, match: Match, quote: str, score: float) -> Citation:
    return Citation(n, match.doc_id, match.chunk_id, score, quote)
