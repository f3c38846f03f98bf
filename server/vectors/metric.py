"""How vectors are compared: checking and scaling them before FAISS sees them, and turning its distances into scores.

Called when a generation is built and when one is searched, so that both sides are prepared alike.
"""

from enum import Enum
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidArgument


class Metric(Enum):
    """The metrics an index may have. `ip` is read as `inner_product`."""

    COSINE = "cosine"
    INNER_PRODUCT = "inner_product"
    L2 = "l2"

    @classmethod
    def parse(cls, name: str) -> "Metric":
        """Return the metric called `name`, in any case. Raises InvalidArgument that lists the names."""
        folded = name.strip().lower()
        try:
            return cls("inner_product" if folded == "ip" else folded)
        except ValueError:
            names = ", ".join(metric.value for metric in cls)
            raise InvalidArgument(f"metric {name!r} is not known: use one of {names}") from None

    @property
    def faiss_metric(self) -> int:
        """FAISS's number for it. Cosine is the inner product of vectors of unit length."""
        return int(faiss.METRIC_L2 if self is Metric.L2 else faiss.METRIC_INNER_PRODUCT)


def prepare(vectors: NDArray[Any], metric: Metric, *, first_row: int = 0) -> NDArray[np.float32]:
    """Return `vectors` (n, dim) as float32 in C order, of unit length for cosine.

    Raises InvalidArgument on NaN, an infinity (a float64 too large for float32 included) or, for cosine, a vector
    of zeros. The message counts rows from `first_row`.
    """
    if vectors.ndim != 2:
        raise InvalidArgument(f"vectors come as a matrix (n, dimension), not as {vectors.ndim} dimensions")
    with np.errstate(over="ignore"):  # an overflow becomes an infinity, which is refused by name below
        matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise InvalidArgument(f"the vector in row {first_row + int(np.argmin(finite))} holds NaN or an infinity")
    return _unit_length(matrix, first_row) if metric is Metric.COSINE else matrix


def _unit_length(matrix: NDArray[np.float32], first_row: int) -> NDArray[np.float32]:
    # Squares of float32 can leave float32's range in both directions, so lengths are taken in float64.
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    if not lengths.all():
        row = first_row + int(np.argmin(lengths))
        raise InvalidArgument(f"the vector in row {row} is all zeros: it has no direction, so no cosine similarity")
    return np.asarray(matrix / lengths[:, None], dtype=np.float32, order="C")


def scores(distances: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Turn FAISS's distances into scores of the same shape, float32; larger is better.

    Cosine similarity within [-1, 1], the inner product, or minus the Euclidean distance (FAISS gives its square).
    """
    if metric is Metric.L2:
        return -np.sqrt(np.maximum(distances, np.float32(0)))
    if metric is Metric.COSINE:  # rounding may leave the range by a bit
        return np.minimum(np.maximum(distances, np.float32(-1)), np.float32(1))
    return distances
