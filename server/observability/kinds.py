"""What a record of the query log counts as. Few names, whatever callers send: each becomes a time series."""

from server.operations.registry import Operations
from server.sql.statements import Kind

INGEST, OPERATION, UNKNOWN = "ingest", "operation", "unknown"
STATEMENTS = (*(kind.value for kind in Kind if kind is not Kind.CALL), INGEST)
KINDS = (*STATEMENTS, OPERATION)
GIVE_ROWS = frozenset((Kind.QUERY.value, Kind.ROWS.value, OPERATION))


class Kinds:
    """A record's kind is a statement's, or the name of an operation as its caller wrote it, which may be any text."""

    def __init__(self, operations: Operations) -> None:
        self._registry = operations
        self._statements = frozenset(STATEMENTS)
        self.operations: frozenset[str] = self._names()

    def of(self, kind: str) -> tuple[str, str | None]:
        """One of KINDS; and for an operation its name, 'unknown' where there is none such."""
        if kind in self._statements:
            return kind, None
        if kind not in self.operations:
            self.operations = self._names()  # some are registered late
        return OPERATION, kind if kind in self.operations else UNKNOWN

    def _names(self) -> frozenset[str]:
        return frozenset(operation.name for operation in self._registry.all())
