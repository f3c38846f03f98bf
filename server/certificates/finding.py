"""What was found where values of a dataset may lie."""

from dataclasses import dataclass
from enum import StrEnum


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
