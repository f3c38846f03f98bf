"""The surface of the journal: its values stay, sealed, and the keys that open those of erased subjects are gone."""

from server.certificates.finding import Finding, Verdict
from server.erasing.traces import Traces
from server.errors import LogUnavailable, Unavailable
from server.journal.journal import Journal

METHOD = (
    "every event of the dataset whose values can be opened still was opened and looked through for the erased keys, as "
    "entity and in the key column; what events of others tell about the erased is not looked for"
)


class JournalEvents:
    name = "journal"

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def erase(self, traces: Traces) -> int:
        """How many keys were destroyed; none where another server keeps the journal, which the scan then says."""
        try:
            return sum(self._journal.erase(t.dataset, t.subjects, t.key_column.name) for t in traces.everywhere)
        except LogUnavailable:
            raise
        except Unavailable:
            return 0

    def scan(self, traces: Traces) -> Finding:
        """A subject whose suppression was lifted may have new events."""
        found = sum(
            len(self._journal.readable(t.dataset, t.keys, t.key_column.name)) for t in traces.everywhere if t.keys
        )
        return Finding(Verdict.FOUND if found else Verdict.CLEAN, METHOD, len(traces.keys), "keys", found)
