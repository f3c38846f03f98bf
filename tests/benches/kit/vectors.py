"""Synthetic vectors that are spread like text embeddings.

Texts fall into topics of very unequal size, and variance falls off from direction to direction, so most of it lies in
a few dozen of 384 dimensions. Both matter to a graph index: evenly spread noise has no near neighbours to find.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DIMENSION = 384
VECTORS_PER_TOPIC = 200
SPREAD = 0.8  # length of what sets a text apart from its topic, whose own length is 1
DECAY = 0.5  # the standard deviation of direction j falls as j to this power

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """vectors: (n, DIMENSION) float32, unit length; queries: (q, DIMENSION), of the same distribution, held out."""

    vectors: Vectors
    queries: Vectors


def corpus(count: int, queries: int, seed: int = 1) -> Corpus:
    random = np.random.default_rng(seed)
    topics = max(4, count // VECTORS_PER_TOPIC)
    centres = _directions(random, topics)
    popularity = 1.0 / (np.arange(topics) + 10.0)
    chosen = random.choice(topics, count + queries, p=popularity / popularity.sum())
    points = centres[chosen] + SPREAD * _directions(random, count + queries)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return Corpus(np.ascontiguousarray(points[:count]), np.ascontiguousarray(points[count:]))


def nearest(corpus: Corpus, k: int) -> Ids:
    """The exact answer, (q, k): numbers of the vectors with the largest inner products, in no order."""
    scores = corpus.queries @ corpus.vectors.T
    return np.argpartition(-scores, k, axis=1)[:, :k]


def recall(found: Ids, truth: Ids) -> float:
    """The share of the true neighbours that were found. found, truth: (q, k) numbers of vectors."""
    hits = sum(len(np.intersect1d(mine, true)) for mine, true in zip(found, truth, strict=True))
    return hits / truth.size


def lists(vectors: Vectors) -> Any:
    """The same as an Arrow array, list<float32> of length n."""
    starts = np.arange(0, vectors.size + 1, vectors.shape[1], dtype=np.int32)
    array: Any = pa.ListArray
    return array.from_arrays(pa.array(starts), pa.array(vectors.ravel()))


def _directions(random: np.random.Generator, count: int) -> Vectors:
    """(count, DIMENSION) float32 of unit length, most of it in the first few dozen dimensions."""
    scale = np.arange(1, DIMENSION + 1, dtype=np.float32) ** -DECAY
    points: Vectors = random.standard_normal((count, DIMENSION), dtype=np.float32) * scale
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points
