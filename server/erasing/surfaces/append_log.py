"""The surface of the append log: records of statements and of journal events, until the lake has them."""

from collections.abc import Callable
from pathlib import Path

from server.appendlog.log import AppendLog
from server.certificates.finding import Finding, Verdict
from server.erasing.traces import Traces
from server.scanning.files import scan_folder

METHOD = "what had been written was brought into the lake and its files were removed; the bytes of all others were read"


class AppendLogFiles:
    """flush: brings the records so far into the lake."""

    name = "append log"

    def __init__(self, log: AppendLog, folder: Path, flush: Callable[[], None]) -> None:
        self._log = log
        self._folder = folder
        self._flush = flush

    def erase(self, traces: Traces) -> int:
        """How many files are gone."""
        before = set(self._folder.iterdir())
        self._log.seal()
        self._flush()
        return len(before - set(self._folder.iterdir()))

    def scan(self, traces: Traces) -> Finding:
        scanned = scan_folder(self._folder, traces.needles)
        found = len(set().union(*scanned.hits.values()))
        detail = f"in {len(scanned.hits)} files" if found else ""
        return Finding(Verdict.FOUND if found else Verdict.CLEAN, METHOD, scanned.bytes, "bytes", found, detail)
