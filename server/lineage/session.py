"""The lineage of one session's statements: in commits of their own, and in the client's transaction."""

from collections.abc import Callable
from typing import TypeVar

from server.engine.cursor import LakeCursor
from server.lineage.finding import Noted, SessionTables, follow_temporary
from server.lineage.pending import PendingEdges
from server.lineage.recording import Lineage
from server.sql.statements import Statement
from server.sql.targets import creates_temporary, targets

T = TypeVar("T")
Work = Callable[[LakeCursor], T]


class SessionLineage:
    """One per session, which knows what its temporary tables come from. actor: whose session it is."""

    def __init__(self, lineage: Lineage, actor: str) -> None:
        self._lineage = lineage
        self._actor = actor
        self._tables = SessionTables()

    def in_transaction(
        self, cursor: LakeCursor, statement: Statement, schema: str, work: Work[T], pending: PendingEdges
    ) -> T:
        """Run the statement; its edges wait for the commit."""
        before = dict(self._tables.relations)
        noted = self._note(cursor, statement, schema, frozenset(pending.changed))
        result = work(cursor)
        if noted is not None:
            edges = self._lineage.edges(cursor, noted, schema, self._tables)
            pending.add(edges, lambda lake, waiting: self._lineage.write(lake, waiting, self._actor))
        if statement.changes_schema and not creates_temporary(statement):
            pending.follow(statement, schema)
        self._follow(statement)
        if before != self._tables.relations:
            pending.undo_at_roll_back(lambda: self._tables.restore(before))
        return result

    def alone(self, statement: Statement, schema: str, commit: Callable[[Work[T]], T], work: Work[T]) -> T:
        """Run the statement in a commit of its own, with its edges. commit: runs work, again after a conflict."""
        done: list[Callable[[], None]] = []

        def recorded(cursor: LakeCursor) -> T:
            done.clear()
            noted = self._note(cursor, statement, schema, frozenset())
            result = work(cursor)
            if noted is not None:
                edges = self._lineage.edges(cursor, noted, schema, self._tables)
                done.append(self._lineage.write(cursor, edges, self._actor))
                done.append(lambda: self._lineage.committed(noted))
            return result

        result = commit(recorded)
        for each in done:
            each()
        self._follow(statement)
        return result

    def loaded(self, temporary_table: str) -> None:
        """A stream of the client's became a temporary table."""
        self._tables.relations[temporary_table.lower()] = None

    def _note(
        self, cursor: LakeCursor, statement: Statement, schema: str, changed: frozenset[tuple[str, str]]
    ) -> Noted | None:
        return self._lineage.note(cursor, statement, schema, self._tables, changed)

    def _follow(self, statement: Statement) -> None:
        follow_temporary(statement, self._tables)
        if creates_temporary(statement) and (target := next(targets(statement.tokens), None)) is not None:
            self._tables.relations.setdefault(target.names[-1].lower(), None)
