"""What the names of tables in a statement mean: their identity in DuckLake, and their columns in order.

DuckLake's metadata answers for what is committed, all names in one query; DuckDB for the rest: views, what the open
transaction made, control views. Both before the statement runs, which may replace what it reads.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.errors import LakehouseError
from server.lineage.origins import How, Origin, Table, Unresolved
from server.lineage.relations import Column, Relation
from server.sql.quoting import qualified

SQL = named_queries("queries/lineage.sql")
Name = tuple[str, str]  # schema and table, in lower case


@dataclass(frozen=True)
class Stored:
    """What DuckLake has of a table or view. columns: names and ids of a table's, in order; none of a view."""

    table: Table
    columns: tuple[tuple[str, int], ...]


class Tables:
    """For one statement. schema: what unqualified names mean. changed: names that the open transaction made, renamed or
    dropped, of which DuckLake's metadata knows nothing yet. temporary: relations of the session's temporary tables, by
    name in lower case. met: every table that was asked for and is one of the lake, or a file."""

    def __init__(
        self, cursor: LakeCursor, schema: str, changed: frozenset[Name], temporary: Mapping[str, Relation | None]
    ) -> None:
        self._cursor = cursor
        self._schema = schema
        self._changed = changed
        self._temporary = temporary
        self._stored: dict[Name, Stored] = {}
        self.met: set[Table] = set()

    def look_up(self, names: Iterable[str]) -> Mapping[Name, Stored]:
        """What DuckLake has under these names, in any schema; kept for `relation`."""
        rows = self._cursor.rows(SQL["stored"], [sorted({name.lower() for name in names})])
        for schema, name, object_id, kind, columns, ids in rows:
            if (key := (str(schema).lower(), str(name).lower())) not in self._changed:
                table = Table(str(schema), str(name), int(object_id), str(kind))
                self._stored[key] = Stored(table, tuple(zip(columns or [], ids or [], strict=True)))
        return self._stored

    def relation(self, node: exp.Table) -> Relation:
        """Of a table by its name. Raises Unresolved if it is none that DuckDB finds."""
        catalog, schema, name = self.place(node)
        if catalog == "temp" or (not node.db and name.lower() in self._temporary):
            found = self._temporary.get(name.lower())
            self.met |= found.tables if found is not None else frozenset()
            return found if found is not None and found.columns else self._described(node, found)
        stored = self._stored.get((schema.lower(), name.lower()))
        table = stored.table if stored is not None else Table(schema, name)
        self.met.add(table)
        if stored is not None and stored.columns:
            columns = stored.columns
        else:
            columns = tuple((each, None) for each in self.column_names(_text(node)))  # type: ignore[misc]
        return Relation(
            tuple(Column(c, frozenset({Origin(table, c, i, How.IDENTITY)})) for c, i in columns),
            tables=frozenset({table}),
        )

    def place(self, node: exp.Table) -> tuple[str, str, str]:
        """Catalog, schema and name that are meant. In a two-part name the first may be either."""
        catalog, schema, name = node.catalog, node.db, node.name
        if not catalog and schema.lower() in (LAKE, "temp", "memory", "system"):
            catalog, schema = schema, "main"
        return catalog.lower(), schema or self._schema, name

    def target(self, node: exp.Table) -> tuple[Table, list[str]]:
        """A table that is written, with its columns in order."""
        _, schema, name = self.place(node)
        stored = self._stored.get((schema.lower(), name.lower()))
        if stored is not None and stored.columns:
            return stored.table, [column for column, _ in stored.columns]
        return (stored.table if stored else Table(schema, name)), self.column_names(_text(node))

    def made(self, node: exp.Table) -> tuple[Table, list[str]]:
        """A table or view that the statement has just made: it has no identifier before the commit."""
        _, schema, name = self.place(node)
        return Table(schema, name), self.column_names(_text(node))

    def known(self, schema: str, name: str) -> Table:
        stored = self._stored.get((schema.lower(), name.lower()))
        return stored.table if stored is not None else Table(schema, name)

    def behind(self, names: Sequence[str]) -> frozenset[Table]:
        """What a dotted name that was looked up stands for: a table, or those that a temporary one was made from."""
        if names[0].lower() == "temp" or (len(names) == 1 and names[0].lower() in self._temporary):
            found = self._temporary.get(names[-1].lower())
            return found.tables if found is not None else frozenset()
        table = self._named(names)
        return frozenset({table}) if table is not None else frozenset()

    def _named(self, names: Sequence[str]) -> Table | None:
        place = names[-2].lower() if len(names) > 1 and names[-2].lower() != LAKE else self._schema.lower()
        key = (place, names[-1].lower())
        if (stored := self._stored.get(key)) is not None:
            return stored.table
        return Table(*key) if key in self._changed else None

    def column_ids(self, table: Table) -> dict[str, int]:
        stored = self._stored.get((table.schema.lower(), table.name.lower()))
        return {name.lower(): number for name, number in stored.columns} if stored and table.id is not None else {}

    def column_names(self, source: str) -> list[str]:
        """Of what can be read FROM. Raises Unresolved."""
        try:
            return list(self._cursor.execute(f"SELECT * FROM {source} LIMIT 0").table().column_names)
        except LakehouseError as error:
            raise Unresolved("columns that DuckDB does not tell") from error

    def matching(self, names: Sequence[str], pattern: exp.Expression) -> set[str]:
        """Those of the names that COLUMNS(pattern) means: DuckDB is asked. Raises Unresolved."""
        row = ", ".join(f"NULL AS {qualified(name)}" for name in dict.fromkeys(names))
        return set(self.column_names(f"(SELECT COLUMNS({pattern.sql('duckdb')}) FROM (SELECT {row}))"))

    def index(self, name: str) -> tuple[str, str, list[str], str | None] | None:
        """Dataset, key column, text columns and vector column of an index."""
        with contextlib.suppress(LakehouseError):
            for row in self._cursor.rows(SQL["index"], [name]):
                return str(row[0]), str(row[1]), list(row[2] or []), row[3]
        return None

    def _described(self, node: exp.Table, found: Relation | None) -> Relation:
        """A temporary table of which nothing is known but its columns, and perhaps which tables it was made from."""
        columns = tuple(Column(name, frozenset()) for name in self.column_names(_text(node)))
        return Relation(columns, tables=found.tables if found is not None else frozenset())


def _text(node: exp.Table) -> str:
    return qualified(*(part.name for part in node.parts))
