"""Keeps the lineage of statements: found out before they run, written in their commit.

A statement never fails for its lineage: what can't be found out is left at which tables were read.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from catalog_sql import named_queries
from server.engine.cursor import DEFAULT_SCHEMA, LakeCursor
from server.engine.engine import SERVER, Engine
from server.lineage.edges import SCHEMA, Edge, Key, column_key
from server.lineage.finding import Finding, Noted, SessionTables
from server.lineage.seen import Met, Seen, statement_key
from server.lineage.tables import Tables
from server.logs import logger
from server.sql.statements import Statement, parse
from server.sql.tree import Parser

SQL = named_queries("queries/lineage.sql")
ROWS = "lakehouse_edges"
_READING = frozenset("SELECT FROM TABLE USING PIVOT UNPIVOT DESCRIBE SUMMARIZE".split())
_CHANGING = frozenset({"INSERT", "UPDATE", "MERGE_INTO"})
_log = logger("lineage")
T = TypeVar("T")


class Lineage:
    """key: of the HMACs of texts, as the query log's."""

    def __init__(self, engine: Engine, parser: Parser, key: bytes) -> None:
        self._engine = engine
        self._parser = parser
        self._key = key
        self._enabled = engine.settings.lineage
        self._seen = Seen()
        self._finding = Finding(engine, parser)

    def note(
        self,
        cursor: LakeCursor,
        statement: Statement,
        schema: str,
        session: SessionTables,
        changed: frozenset[tuple[str, str]],
    ) -> Noted | None:
        """What the statement, which runs next on this cursor, will write; None if it takes nothing from anywhere, or
        all of that is recorded. changed: see `PendingEdges`."""
        if not self._enabled or not _takes(statement):
            return None
        epoch = self._engine.schema_epoch
        repeats = statement.type_name in _CHANGING and not session.relations and not changed
        key = statement_key(statement, schema) if repeats else None
        if key is not None and self._recorded(cursor, key, epoch):
            return None
        try:
            return self._finding.note(cursor, statement, schema, session, changed, key, epoch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the statement runs; its text may be in the error
            _log.error("the lineage of a statement is not known", error=type(error).__name__)
            return None

    def edges(self, cursor: LakeCursor, noted: Noted, schema: str, session: SessionTables) -> list[tuple[Edge, str]]:
        """The edges of a statement that has run on this cursor, each with the statement's HMAC: those that are new. For
        a temporary table none: the session remembers what it comes from."""
        try:
            found = self._finding.edges(cursor, noted, schema, session)
        except Exception as error:  # noqa: BLE001 - the statement has run
            _log.error("the lineage of a statement is not known", error=type(error).__name__)
            return []
        digest = hmac.digest(self._key, noted.statement.text.encode(), "sha256").hex()
        return [(edge, digest) for edge in self._new(cursor, found)]

    def write(self, cursor: LakeCursor, edges: Sequence[tuple[Edge, str]], actor: str) -> Callable[[], None]:
        """Put edges into the lake; what is to be called once they are committed."""
        rows = [edge.row(digest, actor) for edge, digest in edges]
        if rows:
            cursor.register(ROWS, pa.Table.from_pylist(rows, SCHEMA))
            try:
                cursor.execute(SQL["record"]).table()
            finally:
                cursor.unregister(ROWS)

        def committed() -> None:
            for edge, _ in edges:
                if edge.target.id is not None and self._seen.edges(edge.target.id) is not None:
                    self._seen.add(edge.target.id, [edge.key])

        return committed

    def committed(self, noted: Noted) -> None:
        """All that the statement says is in the lake."""
        if noted.key is not None:
            self._seen.keep(noted.key, noted.met)

    def recorded(self, cursor: LakeCursor, text: str, actor: str) -> list[tuple[Any, ...]]:
        """Run a statement of the server's own that makes one dataset from others, with its edges; its rows. The caller
        commits. Names in it are full."""
        statement, session = parse(self._parser, text), SessionTables()
        noted = self.note(cursor, statement, DEFAULT_SCHEMA, session, frozenset())
        rows = cursor.rows(text)
        if noted is not None:
            self.write(cursor, self.edges(cursor, noted, DEFAULT_SCHEMA, session), actor)
        return rows

    def settle(self) -> None:
        """Give identifiers to what has none, before the snapshots expire that tell them."""
        if self._engine.read(lambda cursor: cursor.rows(SQL["unsettled"]))[0][0]:
            self._engine.commit(SERVER, "lineage", lambda cursor: cursor.execute(SQL["settle"]))

    def settled_before(self, work: Callable[[], T]) -> Callable[[], T]:
        """work, after `settle`."""

        def both() -> T:
            self.settle()
            return work()

        return both

    def forget(self) -> None:
        """Drop what is known of statements."""
        self._seen.forget()

    def _recorded(self, cursor: LakeCursor, key: Key, epoch: int) -> bool:
        """Whether a statement that was met before means the same tables. Where other servers write, they may have made
        others of the same names."""
        if (met := self._seen.statement(key)) is None:
            return False
        if met.epoch == epoch and not self._engine.location.on_postgres:
            return True
        same = dict(Tables(cursor, "", frozenset(), {}).look_up(met.names)) == met.meant
        if same:
            self._seen.keep(key, Met(epoch, met.names, met.meant))
        return same

    def _new(self, cursor: LakeCursor, edges: Sequence[Edge]) -> list[Edge]:
        """Those that the lake does not have."""
        ids = {edge.target.id for edge in edges if edge.target.id is not None}
        known: dict[int, frozenset[Key]] = {target: self._known(cursor, target) for target in ids}
        return [e for e in edges if e.target.id is None or e.key not in known[e.target.id]]

    def _known(self, cursor: LakeCursor, target_id: int) -> frozenset[Key]:
        if (known := self._seen.edges(target_id)) is not None:
            return known
        keys = [_key(*row) for row in cursor.rows(SQL["known"], [target_id])]
        self._seen.add(target_id, keys)
        return frozenset(keys)


def _takes(statement: Statement) -> bool:
    """Whether it may write what it reads elsewhere."""
    if statement.type_name in _CHANGING:
        return any(token.word in _READING for token in statement.tokens)
    if statement.type_name == "COPY":
        words = [token.word for token in statement.tokens[1:]]
        return "FROM" in words and statement.tokens[1].text != "("
    return statement.type_name == "CREATE" and any(token.word == "AS" for token in statement.tokens)


def _key(
    kind: str,
    how: str | None,
    schema: str,
    name: str,
    source_id: int | None,
    source: str | None,
    source_column_id: int | None,
    target: str | None,
    target_column_id: int | None,
) -> Key:
    """As `Edge.key`."""
    table: object = source_id if source_id is not None else (schema, name.lower())
    return (kind, how, table, column_key(source, source_column_id), column_key(target, target_column_id))
