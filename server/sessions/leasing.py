"""What statements of one session run on: its cursors, each lent to one statement that the gate lets through."""

from server.access.principal import Principal
from server.sessions.cursors import SessionCursors
from server.sessions.in_progress import InProgress
from server.sessions.leases import Lease, Wanted
from server.sessions.services import Services
from server.sessions.transactions import Transaction
from server.sql.statements import Statement
from server.sql.targets import creates_temporary


class Leasing:
    """One per session. statement_s_max: the session's own bound on a statement, in seconds, below the server's."""

    def __init__(self, services: Services, principal: Principal, session_id: str) -> None:
        self._services = services
        self._principal = principal
        self._session_id = session_id
        self.cursors = SessionCursors(services.engine, principal.name)
        self.in_progress = InProgress(services.engine.settings.statements_per_session_max)
        self.statement_s_max: float | None = None

    def lease(
        self, statement: Statement, transaction: Transaction | None, name: str = "", needs_lake: bool | None = None
    ) -> Lease:
        """The gate is asked again with the schema that counts now: the session's may have changed since.

        name: see `InProgress`. needs_lake: see `placing.py`; None finds out.
        """
        if needs_lake is None:
            needs_lake = self._services.placing.needs_lake(statement)
        lease = self.ungated(transaction, needs_lake, creates_temporary(statement), name)
        try:
            self._services.gate.admit(self._principal, statement.text, lease.schema)
        except BaseException:
            lease.free()
            raise
        return lease

    def ungated(
        self,
        transaction: Transaction | None,
        needs_lake: bool = True,
        for_temporary: bool = False,
        name: str = "",
    ) -> Lease:
        """For what has passed the gate, or is no statement of the client's."""
        wanted = Wanted(name, needs_lake, for_temporary, self.statement_s_max)
        return Lease(self._services.engine, self.cursors, self.in_progress, transaction, wanted)

    def place(self, transaction: Transaction | None) -> tuple[object, ...]:
        """What names mean, as far as it differs between sessions."""
        cursors = self.cursors
        own = self._session_id if cursors.has_temporary or transaction is not None else ""
        return (cursors.schema, cursors.time_zone, own, transaction.id if transaction is not None else b"")
