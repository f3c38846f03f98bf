"""The surface of the hot cache: copies of pinned datasets in memory, which queries read."""

from server.cache.service import HotCache
from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasing.traces import Traces
from server.scanning.columns import scan_text_columns

METHOD = "the copies were dropped and are made anew from the lake; those of the dataset that there are were read whole"


class CachedCopies:
    name = "hot cache"

    def __init__(self, engine: Engine, cache: HotCache) -> None:
        self._engine = engine
        self._cache = cache

    def erase(self, traces: Traces) -> int:
        """Drop every copy: the cache makes them again; how many."""
        dropped = len(self._cache.copies())
        self._cache.rebuild()
        return dropped

    def scan(self, traces: Traces) -> Finding:
        """A copy that is being made when it is looked for has nothing yet but what the lake has."""
        pinned = list(self._cache.copies())
        tables = [
            (table, part)
            for part in traces.everywhere
            for dataset, table in pinned
            if dataset.lower() == part.dataset.lower()
        ]

        def look(cursor: LakeCursor) -> list[tuple[int, int]]:
            return [
                (scanned.rows, len(scanned.hits))
                for scanned in (scan_text_columns(cursor, table, part.needles) for table, part in tables)
            ]

        looked = self._engine.read(look)
        found = sum(hits for _, hits in looked)
        verdict = Verdict.FOUND if found else Verdict.CLEAN
        return Finding(verdict, METHOD, sum(rows for rows, _ in looked), "rows", found)
