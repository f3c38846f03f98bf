"""What a server holds, looked at once a second: memory, file descriptors, threads, sessions. Linux only."""

import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import numpy as np

SESSIONS = "lakehouse_sessions"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def can_watch() -> bool:
    return sys.platform == "linux"


@dataclass(frozen=True)
class Sample:
    """at_s: seconds after the first look. sessions: open ones, as its metrics tell."""

    at_s: float
    rss_bytes: int
    descriptors: int
    threads: int
    sessions: int


class Watch:
    """Use as a context manager around what is watched; it ends by raising what kept it from looking. metrics: address
    of the page with the metrics."""

    def __init__(self, pid: int, metrics: str, every_s: float) -> None:
        self.samples: list[Sample] = []
        self._folder, self._metrics, self._every_s = Path("/proc", str(pid)), metrics, every_s
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="watch")

    def _run(self) -> None:
        began = time.monotonic()
        try:
            while not self._ended.is_set():
                self.samples.append(self._look(time.monotonic() - began))
                self._ended.wait(self._every_s)
        except (OSError, ValueError) as error:
            self._error = error

    def _look(self, at_s: float) -> Sample:
        resident = int((self._folder / "statm").read_text().split()[1]) * PAGE_BYTES
        descriptors, threads = (len(os.listdir(self._folder / name)) for name in ("fd", "task"))
        with urlopen(self._metrics) as page:
            lines = page.read().decode().splitlines()
        (sessions,) = (line.rpartition(" ")[2] for line in lines if line.startswith(f"{SESSIONS} "))
        return Sample(at_s, resident, descriptors, threads, int(float(sessions)))

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._error is not None:
            raise self._error


@dataclass(frozen=True)
class Trend:
    """first and last: the medians of the first and the last quarter. slope: by least squares, a minute."""

    first: float
    last: float
    most: float
    slope_per_min: float

    @classmethod
    def of(cls, at_s: Sequence[float], values: Sequence[float]) -> "Trend":
        """Of at least two values."""
        quarter = max(1, len(values) // 4)
        slope = float(np.polyfit(np.array(at_s) / 60, np.array(values, float), 1)[0])
        return cls(median(values[:quarter]), median(values[-quarter:]), max(values), slope)
