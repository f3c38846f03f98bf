"""Which columns of a table fit a terminal, and how wide each may be."""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
NARROWEST = 8


@dataclass(frozen=True)
class Wish:
    """What a column asks for: its full width in cells, and whether its values may be cut."""

    width: int
    cuttable: bool

    @property
    def least(self) -> int:
        return min(self.width, NARROWEST) if self.cuttable else self.width


def fit(wishes: Sequence[Wish], width: int) -> list[int]:
    """Widths for the columns, from the left, that fit into `width` cells; fewer than wishes when not all fit.

    Narrow columns keep their width; the widest cuttable ones share what is left. The first column always stays.
    """
    count = len(wishes)
    while count > 1 and sum(wish.least for wish in wishes[:count]) + GAP * (count - 1) > width:
        count -= 1
    kept = wishes[:count]
    spare = max(width - GAP * (count - 1), 1) - sum(wish.least for wish in kept)
    widths = [wish.least for wish in kept]
    # The column closest to its wish first: what it leaves is shared by the others.
    wanting = sorted((i for i in range(count) if widths[i] < kept[i].width), key=lambda i: kept[i].width)
    for position, column in enumerate(wanting):
        share = max(spare, 0) // (len(wanting) - position)
        grown = min(share, kept[column].width - widths[column])
        widths[column] += grown
        spare -= grown
    widths[0] = min(widths[0], max(width, 1))
    return widths
