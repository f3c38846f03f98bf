"""Finds out what a statement writes and from where: what it reads before it runs, the columns of its target after."""

import threading
from dataclasses import dataclass, field

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.lineage.coarse import tables_read
from server.lineage.edges import Edge, Key, edges_of, whole
from server.lineage.origins import NONE, Origins, Table, Unresolved
from server.lineage.pending import new_name
from server.lineage.relations import Column, Relation
from server.lineage.seen import Met
from server.lineage.statements import Written, aligned, parsed, table_names, written
from server.lineage.tables import Tables
from server.logs import logger
from server.sql.quoting import identifier
from server.sql.statements import Statement
from server.sql.targets import creates_temporary, targets
from server.sql.tree import Parser

AGGREGATES = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'"
_log = logger("lineage")


@dataclass
class SessionTables:
    """The session's temporary tables, by name in lower case. Without columns: only which tables it was made from is
    known; None where not even that is."""

    relations: dict[str, Relation | None] = field(default_factory=dict)

    def restore(self, relations: dict[str, Relation | None]) -> None:
        self.relations.clear()
        self.relations.update(relations)


@dataclass(frozen=True)
class Noted:
    """A statement as it was found before it ran. written: None where its columns could not be told; then `read` is what
    it reads."""

    statement: Statement
    tables: Tables
    written: Written | None
    read: frozenset[Table]
    key: Key | None
    met: Met


class Finding:
    def __init__(self, engine: Engine, parser: Parser) -> None:
        self._engine = engine
        self._parser = parser
        self._aggregates: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def note(
        self,
        cursor: LakeCursor,
        statement: Statement,
        schema: str,
        session: SessionTables,
        changed: frozenset[tuple[str, str]],
        key: Key | None,
        epoch: int,
    ) -> Noted:
        tables = Tables(cursor, schema, changed, session.relations)
        try:
            tree = parsed(statement)
            names = tuple(table_names(tree))
            meant = dict(tables.look_up(names))
            found = written(tree, tables, self._aggregate_names())
            if found is not None:
                return Noted(statement, tables, found, found.read, key, Met(epoch, names, meant))
        except Unresolved as reason:
            _log.info("the columns of a statement are not known", kind=statement.type_name, reason=str(reason))
        read, names = tables_read(self._parser, statement, tables)
        return Noted(statement, tables, None, read, key, Met(epoch, names, dict(tables.look_up(names))))

    def edges(self, cursor: LakeCursor, noted: Noted, schema: str, session: SessionTables) -> list[Edge]:
        if noted.written is None:
            return self._coarse(noted, schema, session)
        try:
            return self._exact(noted, noted.written, session)
        except Unresolved as reason:
            _log.info("the columns of a statement are not known", kind=noted.statement.type_name, reason=str(reason))
            return self._coarse(noted, schema, session)

    def _exact(self, noted: Noted, found: Written, session: SessionTables) -> list[Edge]:
        tables, relation = noted.tables, found.relation
        catalog, _, name = tables.place(found.target)
        in_temp = not found.makes and not found.target.db and name.lower() in session.relations
        if found.temporary or catalog == "temp" or in_temp:
            self._remember(noted, found, name, session)
            return []
        target, all_columns = tables.made(found.target) if found.makes else tables.target(found.target)
        if found.by_name:
            known = {column.lower(): column for column in all_columns}
            columns = [(known.get(c.name.lower(), c.name), c.origins) for c in relation.columns]
            if relation.rest is not None or not all(c.name.lower() in known for c in relation.columns):
                raise Unresolved("columns by names that are not known")
        else:
            names = list(found.columns) if found.columns and not found.makes else all_columns
            columns = aligned(relation, names, found.makes and found.columns is None)
        ids = {} if found.makes else tables.column_ids(target)
        return edges_of(columns, relation.rows, found.read, target, ids, found.kind)

    def _remember(self, noted: Noted, found: Written, name: str, session: SessionTables) -> None:
        names = noted.tables.column_names(f"temp.main.{identifier(name)}")
        columns = aligned(found.relation, names, False) if not found.by_name else []
        made = Relation(tuple(Column(c, origins) for c, origins in columns), found.relation.rows, found.read)
        before = session.relations.get(name.lower())
        if before is not None and not found.makes:
            merged = [Column(c.name, c.origins | _of(made, c.name)) for c in before.columns]
            made = Relation(tuple(merged), before.rows | made.rows, before.tables | made.tables)
        session.relations[name.lower()] = made

    def _coarse(self, noted: Noted, schema: str, session: SessionTables) -> list[Edge]:
        """Which tables were read, and nothing about columns."""
        first = next(targets(noted.statement.tokens), None)
        if first is None:
            return []
        name = first.names[-1]
        makes, before = noted.statement.type_name == "CREATE", session.relations.get(name.lower())
        in_temp = creates_temporary(noted.statement) or first.names[0].lower() == "temp"
        if in_temp or (not makes and len(first.names) == 1 and name.lower() in session.relations):
            kept = before.tables if before is not None and not makes else frozenset[Table]()
            session.relations[name.lower()] = Relation((), tables=noted.read | kept)
            return []
        place = first.names[-2] if len(first.names) > 1 and first.names[-2].lower() != "lakehouse" else schema
        target = Table(place, name) if makes else noted.tables.known(place, name)
        kind = "view" if makes and first.word == "VIEW" else "table"
        return [whole(table, target, kind) for table in noted.read if table != target]

    def _aggregate_names(self) -> frozenset[str]:
        with self._lock:
            if not self._aggregates:
                rows = self._engine.read(lambda cursor: cursor.rows(AGGREGATES))
                self._aggregates = frozenset(str(row[0]) for row in rows)
            return self._aggregates


def follow_temporary(statement: Statement, session: SessionTables) -> None:
    """Forget a temporary table that was dropped, and the columns of one that was altered."""
    target = next(targets(statement.tokens), None)
    if statement.type_name not in ("DROP", "ALTER") or not session.relations or target is None:
        return
    if target.word not in ("TABLE", "VIEW") or not (len(target.names) == 1 or target.names[0].lower() == "temp"):
        return
    name = target.names[-1].lower()
    if name not in session.relations:
        return
    known = session.relations.pop(name)
    if statement.type_name == "ALTER":
        renamed = new_name(statement, target)
        altered = Relation((), tables=known.tables) if known is not None else None
        session.relations[renamed.lower() if renamed else name] = altered


def _of(relation: Relation, name: str) -> Origins:
    found = relation.find(name)
    return found.origins if found is not None else NONE
