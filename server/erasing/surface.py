"""A surface: one place where a dataset's values may lie. Each can erase them, and look for what is left."""

from typing import Protocol

from server.certificates.finding import Finding
from server.erasing.traces import Traces


class Surface(Protocol):
    """name: as catalog.erasures shows it. Errors are those of what it reads, LakehouseError or OSError."""

    name: str

    def erase(self, traces: Traces) -> int:
        """Remove the traces; how many places held some. It may be called again for the same traces."""

    def scan(self, traces: Traces) -> Finding:
        """Look for the traces in what is there now."""
