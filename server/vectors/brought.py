"""Vectors that come with the data: checked, so that an error names the row's key, and made into staged rows."""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from server.errors import DimensionMismatch, InvalidArgument
from server.vectors.definition import IndexDefinition
from server.vectors.metric import Metric


class BroughtVectors:
    """The first vector sets the dimension of an index that has none yet."""

    def __init__(self, index: IndexDefinition) -> None:
        self._index = index
        self._cosine = Metric.parse(index.metric) is Metric.COSINE
        self.dimension = index.dimension

    def columns(self, documents: pa.RecordBatch) -> dict[str, Any]:
        """The columns of staged rows, a row per document.

        documents: at least one row; columns doc_id and embedding (list of float32, NULL where the value was no list of
        numbers). Raises DimensionMismatch, and InvalidArgument for an empty vector, NULL, NaN or an infinity in it, and
        zeros alone under cosine.
        """
        keys: Any = documents.column("doc_id")
        vectors: Any = documents.column("embedding")
        self._refuse(keys, vectors.is_null(), "is not a list of 32-bit floats")
        lengths: Any = pc.list_value_length(vectors)
        self._refuse(keys, pc.equal(lengths, pa.scalar(0)), "is empty")
        dimension = self.dimension = self.dimension or int(lengths[0].as_py())
        self._refuse_lengths(keys, lengths, dimension)
        values = vectors.flatten()
        if values.null_count:
            nulls = values.is_null().to_numpy(zero_copy_only=False).reshape(-1, dimension)
            self._refuse(keys, pa.array(nulls.any(axis=1)), "holds NULL or a number beyond 32-bit floats")
        matrix = values.to_numpy().reshape(-1, dimension)
        self._refuse(keys, pa.array(~np.isfinite(matrix).all(axis=1)), "holds NaN or an infinity")
        if self._cosine:
            self._refuse(
                keys, pa.array(~matrix.any(axis=1)), "is all zeros: it has no direction, so no cosine similarity"
            )
        return {
            "doc_id": keys,
            "chunk_id": pa.array(np.zeros(len(matrix), dtype=np.int32)),
            "chunk_text": pa.nulls(len(matrix), pa.string()),
            "content_hash": pa.array([hashlib.sha256(row).hexdigest() for row in matrix]),
            "embedding": vectors,
        }

    def _refuse(self, keys: Any, wrong: Any, reason: str) -> None:
        """Raise InvalidArgument naming the first key whose flag is set."""
        row = int(pc.index(wrong, pa.scalar(True)).as_py())
        if row >= 0:
            raise InvalidArgument(f"{self._name(keys, row)} {reason}")

    def _refuse_lengths(self, keys: Any, lengths: Any, dimension: int) -> None:
        row = int(pc.index(pc.not_equal(lengths, pa.scalar(dimension)), pa.scalar(True)).as_py())
        if row >= 0:
            raise DimensionMismatch(
                f"{self._name(keys, row)} has {lengths[row].as_py()} dimensions, "
                f"index {self._index.index_name!r} holds {dimension}"
            )

    def _name(self, keys: Any, row: int) -> str:
        return f"the vector of {self._index.key_column} {keys[row].as_py()!r} in {self._index.dataset}"
