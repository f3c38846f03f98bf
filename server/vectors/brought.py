"""Vectors that come with the data, checked one by one so that an error can name the row's key."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from server.errors import DimensionMismatch, InvalidArgument
from server.vectors.definition import IndexDefinition
from server.vectors.metric import Metric


class BroughtVectors:
    """Makes staged rows of vectors. The first vector sets the dimension of an index that has none yet."""

    def __init__(self, index: IndexDefinition) -> None:
        self._index = index
        self._cosine = Metric.parse(index.metric) is Metric.COSINE
        self.dimension = index.dimension

    def rows(self, documents: pa.RecordBatch) -> Iterator[dict[str, object]]:
        """documents: columns doc_id, embedding (list of float32, NULL where the value was no number).

        Raises DimensionMismatch, and InvalidArgument for an empty vector, NULL, NaN or an infinity in it, and zeros
        alone under cosine.
        """
        for doc_id, values in zip(documents["doc_id"].to_pylist(), documents["embedding"].to_pylist(), strict=True):
            self._check(doc_id, values)
            digest = hashlib.sha256(np.array(values, dtype=np.float32).tobytes()).hexdigest()
            yield {"doc_id": doc_id, "chunk_id": 0, "chunk_text": None, "content_hash": digest, "embedding": values}

    def _check(self, doc_id: Any, values: list[Any] | None) -> None:
        name = f"the vector of {self._index.key_column} {doc_id!r} in {self._index.dataset}"
        if not values:
            raise InvalidArgument(f"{name} is {'empty' if values == [] else 'not a list of 32-bit floats'}")
        if None in values:
            raise InvalidArgument(f"{name} holds NULL or a number beyond 32-bit floats")
        vector = np.array(values, dtype=np.float32)
        if not np.isfinite(vector).all():
            raise InvalidArgument(f"{name} holds NaN or an infinity")
        if self._cosine and not vector.any():
            raise InvalidArgument(f"{name} is all zeros: it has no direction, so no cosine similarity")
        if self.dimension is None:
            self.dimension = len(vector)
        if len(vector) != self.dimension:
            raise DimensionMismatch(
                f"{name} has {len(vector)} dimensions, index {self._index.index_name!r} holds {self.dimension}"
            )
