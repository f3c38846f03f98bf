"""A surface: one place where a dataset's values may lie. Each can erase them, and look for what is left."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.erasure.traces import Traces


class Verdict(StrEnum):
    CLEAN = "clean"  # looked through, nothing found
    FOUND = "found"  # something is left
    UNPROVEN = "unproven"  # could not be looked through


@dataclass(frozen=True)
class Finding:
    """method: how it was looked through, a sentence. examined: how many of `unit` (bytes, rows, files, …).
    found: how many traces are left. detail: where they are, or why it could not be looked; never a value."""

    verdict: Verdict
    method: str
    examined: int
    unit: str
    found: int = 0
    detail: str = ""


class Surface(Protocol):
    """name: as catalog.erasures shows it. Errors are those of what it reads, LakehouseError or OSError."""

    name: str

    def erase(self, traces: Traces) -> int:
        """Remove the traces; how many places held some. It may be called again for the same traces."""

    def scan(self, traces: Traces) -> Finding:
        """Look for the traces in what is there now."""
