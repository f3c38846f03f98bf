"""What an erasure will have to look for, collected before anything is removed: afterwards nothing else tells of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from server.catalog.datasets import Dataset
from server.engine.commits import read_on
from server.engine.cursor import LakeCursor
from server.erasing.cascading import remove_rows, with_derived
from server.erasing.deriving import placed
from server.erasing.traces import Traces
from server.erasing.tracing import traces_of
from server.errors import NotFound
from server.scanning.needles import Needles

Documents = Callable[[LakeCursor, Dataset, Needles], Mapping[str, tuple[str, ...]]]


def collected(
    cursor: LakeCursor, dataset: Dataset, earlier: Sequence[Traces], documents: Documents, cascade: bool
) -> Traces:
    """Of the rows that wait, and of those that earlier tries have left or removed. documents: see `Around`.

    Raises NotFound if nothing waits and nobody tried.
    """
    try:
        waiting = [traces_of(cursor, dataset)]
    except NotFound:
        if not earlier:
            raise
        waiting = []
    found = Traces.joined([*waiting, *earlier])
    if cascade:
        found = with_derived(cursor, found, waiting[0].hmacs if waiting else ())
    if not waiting and not cascade:
        return found
    new = replace(found, documents=_documents(cursor, dataset, found, documents))
    return replace(found, documents=Traces.joined([new, found]).documents)


def _documents(
    cursor: LakeCursor, dataset: Dataset, found: Traces, documents: Documents
) -> Mapping[str, tuple[str, ...]]:
    """Those of indexes over derived tables are told by what these would not give any more without the rows."""
    if not found.derived:
        return documents(cursor, dataset, found.needles)

    def without(cursor: LakeCursor) -> dict[str, tuple[str, ...]]:
        remove_rows(cursor, found)
        ended = dict(documents(cursor, dataset, found.needles))
        for part in found.derived:
            for index, held in documents(cursor, placed(part.dataset), part.needles).items():
                ended[index] = tuple(dict.fromkeys((*ended.get(index, ()), *held)))
        return ended

    return read_on(cursor, without)
