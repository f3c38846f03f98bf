"""Many byte patterns looked for at once, at any place of any bytes.

Each pattern has one window of 8 bytes chosen. All windows of the data pass a table of hashed windows, what is left
passes a second one, then a sorted list, and then the whole pattern is compared. So what is found is there, and what is
there is found.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.scanning.patterns import patterns
from server.scanning.windows import WINDOW_BYTES, Hash, chosen_windows, windows_of

BLOCK_WINDOWS = 1 << 17  # looked at together: what is computed of them stays near the processor
PAIRS_MAX = 1 << 20  # of a place and a pattern, compared together
COMPARED_WINDOWS = 4  # of every pair at once; pairs that are equal so far are compared one by one
TABLE_BITS_MIN, TABLE_BITS_MAX = 16, 24
TABLE_SPARSENESS_BITS = 4  # of a table's entries at most one in 16 is taken, until it has its largest size

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


class Needles:
    """Immutable; any number of threads may look at once."""

    def __init__(self, found: list[bytes], owners: list[int], texts: int) -> None:
        """found: the patterns. owners: the number of the text that each is of."""
        self._owners: Places = np.array(owners, np.int64)
        self._lengths: Places = np.array([len(pattern) for pattern in found], np.int64)
        self._starts: Places = np.cumsum(self._lengths) - self._lengths
        self._bytes: Bytes = np.frombuffer(b"".join(found), np.uint8)
        self.texts = texts
        self.unsought = texts - len(np.unique(self._owners))
        self.bytes_max = int(self._lengths.max(initial=0))
        if found:
            self._index()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Needles":
        """Of each distinct text, numbered from 0 as they first come. Their count is `texts`; `unsought` counts those
        that have no pattern, being too short; `bytes_max` is the longest pattern's length."""
        distinct = dict.fromkeys(texts)
        pairs = [(pattern, number) for number, text in enumerate(distinct) for pattern in sorted(patterns(text))]
        return cls([pattern for pattern, _ in pairs], [number for _, number in pairs], len(distinct))

    def __len__(self) -> int:
        """Count of the patterns."""
        return len(self._owners)

    def find(self, data: Any, borders: Places | None = None) -> set[int]:
        """The numbers of the texts that occur anywhere in the data.

        data: a buffer of bytes, as bytes, a memoryview or a numpy array. borders: where one value ends and the next
        begins, ascending, the data's length last: nothing is found across one.
        """
        held: Bytes = np.frombuffer(data, np.uint8)
        if len(held) < WINDOW_BYTES or not len(self):
            return set()
        found: NDArray[np.bool_] | None = None
        for places, keys in self._candidates(windows_of(held)):
            for place, needle in self._pairs(places, keys):
                if found is None:
                    found = np.zeros(len(self), np.bool_)
                new = ~found[needle]
                found[self._equal(held, place[new], needle[new], borders)] = True
        return set() if found is None else set(self._owners[found].tolist())

    def _index(self) -> None:
        self._offsets = chosen_windows(self._bytes, self._starts, self._lengths)
        keys = windows_of(self._bytes)[self._starts + self._offsets]
        self._order = np.argsort(keys, kind="stable")
        self._keys, self._firsts, self._counts = np.unique(keys[self._order], return_index=True, return_counts=True)
        bits = min(max(len(self._keys).bit_length() + TABLE_SPARSENESS_BITS, TABLE_BITS_MIN), TABLE_BITS_MAX)
        self._hashes = (Hash(bits, 0), Hash(bits, 1))
        self._tables = tuple(np.zeros(1 << bits, np.bool_) for _ in self._hashes)
        for hashed, table in zip(self._hashes, self._tables, strict=True):
            table[hashed(self._keys)] = True

    def _candidates(self, windows: NDArray[np.uint64]) -> Iterator[tuple[Places, Places]]:
        """(places, numbers of keys): windows of the data that are some pattern's, where there are any."""
        (first, second), (table, other) = self._hashes, self._tables
        hashes = np.empty(min(BLOCK_WINDOWS, len(windows)), np.uint64)
        passes = np.empty(len(hashes), np.bool_)
        for start in range(0, len(windows), BLOCK_WINDOWS):
            block = windows[start : start + BLOCK_WINDOWS]
            size = len(block)
            table.take(first(block, hashes[:size]), out=passes[:size], mode="clip")
            places = np.flatnonzero(passes[:size])
            values = block[places]
            passed = other[second(values)]
            places, values = places[passed], values[passed]
            keys = np.searchsorted(self._keys, values)
            keys[keys == len(self._keys)] = 0
            same = self._keys[keys] == values
            if same.any():
                yield places[same] + start, keys[same]

    def _pairs(self, places: Places, keys: Places) -> Iterator[tuple[Places, Places]]:
        """(places, numbers of patterns): each place with each pattern that has the key found there."""
        if len(self._keys) == len(self._order):
            yield places, self._order[self._firsts[keys]]
            return
        ends = np.cumsum(self._counts[keys])
        low = 0
        while low < len(keys):
            done = int(ends[low - 1]) if low else 0
            high = max(low + 1, int(np.searchsorted(ends, done + PAIRS_MAX, "right")))
            counts = self._counts[keys[low:high]]
            nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            yield (
                np.repeat(places[low:high], counts),
                self._order[np.repeat(self._firsts[keys[low:high]], counts) + nth],
            )
            low = high

    def _equal(self, held: Bytes, place: Places, needle: Places, borders: Places | None) -> Places:
        """The numbers of those patterns that are in the data where their window was found."""
        start = place - self._offsets[needle]
        end = start + self._lengths[needle]
        fits = (start >= 0) & (end <= len(held))
        start, end, needle = start[fits], end[fits], needle[fits]
        if borders is not None and len(start):
            within = borders[np.searchsorted(borders, start, "right")] >= end
            start, end, needle = start[within], end[within], needle[within]
        ours, theirs = windows_of(self._bytes), windows_of(held)
        for number in range(COMPARED_WINDOWS):
            at = np.minimum(number * WINDOW_BYTES, self._lengths[needle] - WINDOW_BYTES)
            same = ours[self._starts[needle] + at] == theirs[start + at]
            start, end, needle = start[same], end[same], needle[same]
        if len(needle) == 0:
            return needle
        longer = np.flatnonzero(self._lengths[needle] > COMPARED_WINDOWS * WINDOW_BYTES)
        differ = [pair for pair in longer if not self._same(held[start[pair] : end[pair]], int(needle[pair]))]
        return np.delete(needle, differ)

    def _same(self, part: Bytes, needle: int) -> bool:
        start = self._starts[needle]
        return part.tobytes() == self._bytes[start : start + len(part)].tobytes()
