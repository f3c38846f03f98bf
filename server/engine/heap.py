"""Give freed memory back to the system.

glibc keeps what many threads have freed, in many arenas, and only DuckDB's builds without jemalloc ask it to let go. So
a server that was busy once would stay as big as it was then, and grow with each new peak.
"""

import ctypes
import os
import threading
from collections.abc import Callable

EVERY_S = 5.0
_M_ARENA_MAX = -8  # of glibc's mallopt


class HeapTrimmer:
    """A thread that trims the C heap every few seconds; nothing where the C library can't do it. Arenas are as many as
    the machine has cores, instead of eight times as many."""

    def __init__(self) -> None:
        self._trim = _malloc_trim()
        if self._trim is not None:
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, max(2, os.cpu_count() or 1))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heap", daemon=True)

    def start(self) -> None:
        if self._trim is not None:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._trim is not None and not self._stopping.wait(EVERY_S):
            self._trim(0)


def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's, called without Python's lock; None with another C library."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim
