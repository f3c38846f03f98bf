"""Edges of a client's transaction that is open: written at its commit, when its renames are known."""

from collections.abc import Callable, Sequence

from server.engine.cursor import LakeCursor
from server.lineage.edges import Edge
from server.sql.statements import Statement
from server.sql.targets import Target, targets

Write = Callable[[LakeCursor, Sequence[tuple[Edge, str]]], Callable[[], None]]


class PendingEdges:
    """Of one transaction. changed: names of tables that it made, renamed or dropped, as (schema, name) in lower case:
    DuckLake's metadata says nothing true about them until the commit."""

    def __init__(self) -> None:
        self.changed: set[tuple[str, str]] = set()
        self._edges: list[tuple[Edge, str]] = []
        self._write: Write | None = None
        self._written: Callable[[], None] | None = None
        self._undo: Callable[[], None] | None = None

    def add(self, edges: Sequence[tuple[Edge, str]], write: Write) -> None:
        """edges: each with the HMAC of its statement. write: puts them into the lake, and gives what is to be done
        once they are committed."""
        known = {(edge, digest) for edge, digest in self._edges}
        self._edges += [each for each in edges if each not in known]
        self._write = write

    def before_commit(self, cursor: LakeCursor) -> None:
        if self._edges and self._write is not None:
            self._written = self._write(cursor, self._edges)

    def after_commit(self) -> None:
        if self._written is not None:
            self._written()

    def undo_at_roll_back(self, undo: Callable[[], None]) -> None:
        """undo: gives the session's temporary tables the meanings that they had. The first one has the oldest."""
        self._undo = self._undo or undo

    def after_roll_back(self) -> None:
        if self._undo is not None:
            self._undo()

    def follow(self, statement: Statement, schema: str) -> None:
        """Note which names a statement gave another meaning, and rename what waits."""
        for target in targets(statement.tokens):
            names = target.names[:-1] if target.word == "COLUMN" else target.names
            if not names:
                continue
            place = names[-2] if len(names) > 1 and names[-2].lower() != "lakehouse" else schema
            self.changed.add((place.lower(), names[-1].lower()))
            if (new := new_name(statement, target)) is not None:
                self.changed.add((place.lower(), new.lower()))
                self._edges = [(edge.renamed(place, names[-1], new), digest) for edge, digest in self._edges]


def new_name(statement: Statement, target: Target) -> str | None:
    """What ALTER … RENAME TO calls a table."""
    following = statement.tokens[target.positions.stop :]
    renames = statement.type_name == "ALTER" and [token.word for token in following[:2]] == ["RENAME", "TO"]
    return following[2].text if renames and len(following) > 2 else None
