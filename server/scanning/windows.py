"""Windows of 8 bytes as numbers: their hashes, and which of a pattern's is the one to look for."""

import numpy as np
from numpy.typing import NDArray

WINDOW_BYTES = 8
COUNTERS_BITS_MAX = 22
BLOCK_BYTES = 1 << 20  # of patterns considered together, to bound memory
_PLACE_BITS = 36  # for a place in a pattern, four times
_NEVER = np.iinfo(np.int64).max
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)  # odd, their bits well mixed

Windows = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class Hash:
    """Multiply and shift: the upper bits of a product depend on all bits of a window."""

    def __init__(self, bits: int, number: int) -> None:
        """bits: of the result. number: 0 or 1, which of two that have little to do with each other."""
        self.bits = bits
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
    """For each pattern the place in it of the window that the fewest windows of all are like; of several the one
    nearest to the middle. What patterns share, as 'https://' or a letter's text around a name, is found too often.

    data: the patterns one after the other. starts, lengths: (n,), lengths ≥ 8.
    """
    hashed = Hash(min(len(data).bit_length(), COUNTERS_BITS_MAX), 0)
    counts = np.zeros(1 << hashed.bits, np.int64)
    windows = windows_of(data)
    for first in range(0, len(windows), BLOCK_BYTES):
        counts += np.bincount(hashed(windows[first : first + BLOCK_BYTES]), minlength=len(counts))
    chosen = np.empty(len(starts), np.int64)
    low = 0
    while low < len(starts):
        high = max(low + 1, int(np.searchsorted(starts, starts[low] + BLOCK_BYTES)))
        block = slice(low, high)
        often = counts[hashed(windows[starts[low] : starts[high - 1] + lengths[high - 1] - WINDOW_BYTES + 1])]
        chosen[block] = _rarest(often, starts[block] - starts[low], lengths[block])
        low = high
    return chosen


def _rarest(often: Numbers, starts: Numbers, lengths: Numbers) -> Numbers:
    """(n,): each pattern's place of the least of these counts, which are one for each window from the first pattern's
    first to the last one's last; those that reach from one pattern into the next don't count."""
    last = lengths - WINDOW_BYTES
    place = np.arange(len(often)) - np.repeat(starts, lengths)[: len(often)]
    end = np.repeat(last, lengths)[: len(often)]
    off = 2 * place - end  # how far from the middle, twice
    rank = np.where(place > end, _NEVER, (often << _PLACE_BITS) | (2 * np.abs(off)) | (off > 0))
    least: Numbers = np.minimum.reduceat(rank, starts) & ((1 << _PLACE_BITS) - 1)
    return (last + np.where(least & 1, least >> 1, -(least >> 1))) // 2
