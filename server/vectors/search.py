"""Search by text or by vector: the work behind vector_search and rag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.ai.providers import never
from server.ai.registry import Providers
from server.config import Settings
from server.errors import Cancelled, DimensionMismatch, InvalidArgument, LimitExceeded, NotFound, Unavailable
from server.vectors.catalog import IndexCatalog
from server.vectors.definition import BROUGHT_ALONG, IndexDefinition
from server.vectors.generation import Generation, Ids

BLOCK = 64  # queries between two looks at whether the statement was cancelled
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

    def find(self, index_name: str | None) -> IndexDefinition:
        """Raises InvalidArgument for NULL, NotFound naming the indexes that exist."""
        if index_name is None:
            raise InvalidArgument("the index name is NULL")
        return self._indexes.find(index_name)

    def search(
        self,
        index_name: str | None,
        queries: Sequence[Query | None],
        k: int | None,
        cancelled: Callable[[], bool] = never,
    ) -> list[list[Match]]:
        """The k best matches of each query, best first; texts are embedded in one call.

        Raises as `find` does, InvalidArgument for a missing or empty query or a k below 1, LimitExceeded for a k over
        search_k_max, DimensionMismatch, Unavailable for an index that was never built.
        """
        index = self.find(index_name)
        k = self._checked_k(k, self._settings.search_k_max, "search_k_max")
        vectors = self._vectors(index, queries, cancelled)
        try:
            with self._indexes.serving.current(index.index_name) as generation:
                blocks = [vectors[start : start + BLOCK] for start in range(0, len(vectors), BLOCK)]
                allowed = self._indexes.hidden.allowed(index.index_name, generation)
                return [row for block in blocks for row in _search(generation, index, block, k, allowed, cancelled)]
        except NotFound:
            self.find(index_name)  # dropped in the meantime?
            raise Unavailable(
                f"index {index.index_name!r} has nothing to search yet: see its status in catalog.vector_indexes "
                "and why in catalog.jobs"
            ) from None

    def checked_text(self, text: str | None) -> str:
        """Raise InvalidArgument for no text, LimitExceeded for too much."""
        if text is None or not text.strip():
            raise InvalidArgument("the query is NULL or empty")
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

    def _vectors(
        self, index: IndexDefinition, queries: Sequence[Query | None], cancelled: Callable[[], bool]
    ) -> list[NDArray[np.float32]]:
        """A vector per query; texts are embedded with the index's own model, one that comes several times once."""
        texts = list(dict.fromkeys(self.checked_text(q) for q in queries if q is None or isinstance(q, str)))
        embedded = dict(zip(texts, self._embed(index, texts, cancelled), strict=True)) if texts else {}
        return [embedded[q] if isinstance(q, str) else _vector(q) for q in queries]

    def _embed(self, index: IndexDefinition, texts: list[str], cancelled: Callable[[], bool]) -> NDArray[np.float32]:
        if index.model == BROUGHT_ALONG:
            raise InvalidArgument(
                f"index {index.index_name!r} holds vectors brought along: search it by vector, not by text"
            )
        return self._providers.for_model(index.model).embed(texts, cancelled)


def _vector(query: Any) -> NDArray[np.float32]:
    """A vector as it came: (n,) float32. Raises InvalidArgument for what no search could rank."""
    vector = np.asarray(query, dtype=np.float32)  # NULL becomes NaN
    if not np.isfinite(vector).all():
        raise InvalidArgument("the query vector holds NULL, NaN or an infinity")
    return vector


def _search(
    generation: Generation,
    index: IndexDefinition,
    vectors: list[NDArray[np.float32]],
    k: int,
    allowed: Ids | None,
    cancelled: Callable[[], bool],
) -> list[list[Match]]:
    if cancelled():
        raise Cancelled("the search was cancelled")
    manifest = generation.manifest
    dimension = manifest.dimension if manifest.rows else index.dimension
    for vector in vectors:
        if dimension is not None and vector.shape != (dimension,):
            raise DimensionMismatch(
                f"index {index.index_name!r} holds vectors of {dimension} dimensions, the query has {vector.size}"
            )
    if not manifest.rows:
        return [[] for _ in vectors]
    found = generation.search(np.stack(vectors), k, index.ef_search, allowed)
    chunks = [generation.chunks(row[row >= 0]).to_pydict() for row in found.ids]
    return [_matches(*one, manifest.generation) for one in zip(chunks, found.scores, found.plans, strict=True)]


def _matches(chunks: dict[str, list[Any]], scores: NDArray[np.float32], plan: str, generation: int) -> list[Match]:
    """chunks: columns of the rows found, best first; scores: (k,), of which the first belong to them."""
    columns = zip(chunks["doc_id"], chunks["chunk_id"], chunks["chunk_text"], strict=True)
    return [
        Match(rank + 1, float(scores[rank]), doc_id, chunk_id, chunk_text, generation, plan)
        for rank, (doc_id, chunk_id, chunk_text) in enumerate(columns)
    ]
