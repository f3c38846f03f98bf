"""Windows of 8 bytes as numbers: their hashes, and which of a pattern's is the one to look for."""

import numpy as np
from numpy.typing import NDArray

WINDOW_BYTES = 8
CONSIDERED = 16  # windows of a pattern, spread evenly over it
COUNTERS_BITS_MAX = 20
COUNTERS_SPARSENESS_BITS = 5
BLOCK_PATTERNS = 1 << 16  # considered together, to bound memory
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)  # odd, their bits well mixed

Windows = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class Hash:
    """Multiply and shift: the upper bits of a product depend on all bits of a window."""

    def __init__(self, bits: int, number: int) -> None:
        """bits: of the result. number: 0 or 1, which of two that have little to do with each other."""
        self._factor = np.uint64(_FACTORS[number])
        self._shift = np.uint64(64 - bits)

    def __call__(self, windows: Windows, out: Windows | None = None) -> Numbers:
        """Numbers from 0 to below 2 to the power of bits. out: contiguous, for the result, which is a view of it."""
        product = np.multiply(windows, self._factor, out=out)
        return np.right_shift(product, self._shift, out=product).view(np.int64)


def windows_of(data: NDArray[np.uint8]) -> Windows:
    """A view of contiguous bytes: every 8 of them from each place on, little-endian; (n - 7,) for n ≥ 8 bytes."""
    count = len(data) - WINDOW_BYTES + 1
    return np.ndarray((count,), np.dtype("<u8"), buffer=data, strides=(1,))


def chosen_windows(data: NDArray[np.uint8], starts: Numbers, lengths: Numbers) -> Numbers:
    """For each pattern the place in it of the window that the fewest windows of patterns are like. What all of them
    share, as 'https://' or '@example.org', would be found too often.

    data: the patterns one after the other. starts, lengths: (n,), lengths ≥ 8.
    """
    bits = min(len(starts).bit_length() + COUNTERS_SPARSENESS_BITS, COUNTERS_BITS_MAX)
    hashed = Hash(bits, 0)
    windows = windows_of(data)
    counts = np.zeros(1 << bits, np.int64)
    blocks = [slice(first, first + BLOCK_PATTERNS) for first in range(0, len(starts), BLOCK_PATTERNS)]
    for block in blocks:
        hashes = hashed(windows[starts[block, None] + _places(lengths[block])])
        counts += np.bincount(hashes.ravel(), minlength=len(counts))
    chosen = np.empty(len(starts), np.int64)
    for block in blocks:
        places = _places(lengths[block])
        often = counts[hashed(windows[starts[block, None] + places])]
        chosen[block] = places[np.arange(len(places)), often.argmin(axis=1)]
    return chosen


def _places(lengths: Numbers) -> Numbers:
    """(n, CONSIDERED): places of windows in patterns of these lengths; where two are as good, the first one counts, so
    the middle comes first."""
    middle = CONSIDERED // 2
    steps = np.roll(np.arange(CONSIDERED), -middle)
    return (lengths[:, None] - WINDOW_BYTES) * steps // (CONSIDERED - 1)
