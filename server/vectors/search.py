"""Search by text or by vector: the work behind vector_search and rag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.ai.providers import never
from server.ai.registry import Providers
from server.config import Settings
from server.errors import DimensionMismatch, InvalidArgument, LimitExceeded, NotFound, Unavailable
from server.vectors.catalog import IndexCatalog
from server.vectors.definition import BROUGHT_ALONG, IndexDefinition

Query = str | Sequence[float] | NDArray[Any]


@dataclass(frozen=True)
class Match:
    """One chunk found. score: larger is better; cosine similarity, inner product or minus the distance."""

    rank: int
    score: float
    doc_id: str
    chunk_id: int
    chunk_text: str | None
    generation: int
    plan: str


class VectorSearch:
    def __init__(self, indexes: IndexCatalog, providers: Providers, settings: Settings) -> None:
        self._indexes = indexes
        self._providers = providers
        self._settings = settings

    def search(
        self,
        index_name: str | None,
        queries: Sequence[Query | None],
        k: int | None,
        cancelled: Callable[[], bool] = never,
    ) -> list[list[Match]]:
        """The k best matches of each query, best first; texts are embedded in one call, all are searched in one.

        Raises NotFound naming the indexes that exist, InvalidArgument for a missing or empty query or a k below 1,
        LimitExceeded for a k over search_k_max, DimensionMismatch.
        """
        if index_name is None:
            raise InvalidArgument("the index name is NULL")
        index = self._indexes.find(index_name)
        k = self._checked_k(k, self._settings.search_k_max, "search_k_max")
        matrix = self._matrix(index, queries, cancelled)
        try:
            with self._indexes.serving.current(index_name) as generation:
                found = generation.search(matrix, k, index.ef_search)
                number = generation.manifest.generation
                chunks = [generation.chunks(row[row >= 0]).to_pydict() for row in found.ids]
        except NotFound:
            raise Unavailable(f"index {index_name!r} is still being built: see catalog.jobs") from None
        return [_matches(*one, number) for one in zip(chunks, found.scores, found.plans, strict=True)]

    def checked_text(self, text: str | None) -> str:
        """Raise InvalidArgument for no text, LimitExceeded for too much."""
        if text is None or not text.strip():
            raise InvalidArgument("the query text is NULL or empty")
        if len(text) > self._settings.query_chars_max:
            raise LimitExceeded("query_chars_max", f"the query text has {len(text)} characters")
        return text

    @staticmethod
    def _checked_k(k: int | None, k_max: int, bound: str) -> int:
        if k is None or k < 1:
            raise InvalidArgument(f"k is {'NULL' if k is None else k}, must be 1 or more")
        if k > k_max:
            raise LimitExceeded(bound, f"k is {k}, at most {k_max} is allowed")
        return k

    def _matrix(
        self, index: IndexDefinition, queries: Sequence[Query | None], cancelled: Callable[[], bool]
    ) -> NDArray[np.float32]:
        """(n, dimension) float32; texts are embedded with the index's own model."""
        texts = [self.checked_text(q) for q in queries if q is None or isinstance(q, str)]
        embedded = iter(self._embed(index, texts, cancelled) if texts else ())
        rows = [next(embedded) if isinstance(q, str) else _vector(index, q) for q in queries]
        return np.stack(rows).astype(np.float32, copy=False)

    def _embed(self, index: IndexDefinition, texts: list[str], cancelled: Callable[[], bool]) -> NDArray[np.float32]:
        if index.model == BROUGHT_ALONG:
            raise InvalidArgument(
                f"index {index.index_name!r} holds vectors brought along: search it by vector, not by text"
            )
        return self._providers.for_model(index.model).embed(texts, cancelled)


def _vector(index: IndexDefinition, query: Any) -> NDArray[np.float32]:
    vector = np.asarray(query, dtype=np.float32)
    if index.dimension is not None and vector.shape != (index.dimension,):
        raise DimensionMismatch(
            f"index {index.index_name!r} holds vectors of {index.dimension} dimensions, the query has {vector.size}"
        )
    return vector


def _matches(chunks: dict[str, list[Any]], scores: NDArray[np.float32], plan: str, generation: int) -> list[Match]:
    """chunks: columns of the rows found, best first; scores: (k,), of which the first belong to them."""
    columns = zip(chunks["doc_id"], chunks["chunk_id"], chunks["chunk_text"], strict=True)
    return [
        Match(rank + 1, float(scores[rank]), doc_id, chunk_id, chunk_text, generation, plan)
        for rank, (doc_id, chunk_id, chunk_text) in enumerate(columns)
    ]
