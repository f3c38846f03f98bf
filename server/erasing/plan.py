"""When each surface of an erasure is erased and scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from server.erasing.surface import Surface


class Phase(Enum):
    """In their order. INDEXES: before the rows go, for they tell what is theirs. OPEN: others use the lake meanwhile.
    QUIET: nobody does. AFTER: others use it again."""

    INDEXES = "indexes"
    OPEN = "open"
    QUIET = "quiet"
    AFTER = "after"


@dataclass(frozen=True)
class Planned:
    surface: Surface
    erased: Phase
    scanned: Phase = Phase.AFTER


class Plan:
    """planned: in the order in which they are erased."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        self._planned = planned

    def erased_in(self, phase: Phase) -> list[Surface]:
        return [each.surface for each in self._planned if each.erased is phase]

    def scanned_in(self, phase: Phase) -> list[Surface]:
        return [each.surface for each in self._planned if each.scanned is phase]

    def __len__(self) -> int:
        return len(self._planned)
