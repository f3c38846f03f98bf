"""Edges as they are kept: a source column, a target column, and what the one does for the other."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from server.lineage.origins import How, Origin, Origins, Table
from server.sql.schema import schema_of

SCHEMA = schema_of(
    edge_id=pa.string(),
    kind=pa.string(),
    transformation=pa.string(),
    source_schema=pa.string(),
    source_name=pa.string(),
    source_id=pa.int64(),
    source_column=pa.string(),
    source_column_id=pa.int64(),
    target_schema=pa.string(),
    target_name=pa.string(),
    target_id=pa.int64(),
    target_column=pa.string(),
    target_column_id=pa.int64(),
    statement_hmac=pa.string(),
    actor=pa.string(),
)
Key = tuple[object, ...]


@dataclass(frozen=True)
class Edge:
    """column None: all of the table. how None: only that it was read is known. kind: 'table', 'view' or 'ingest'."""

    kind: str
    how: How | None
    source: Table
    source_column: str | None
    source_column_id: int | None
    target: Table
    target_column: str | None
    target_column_id: int | None

    @property
    def key(self) -> Key:
        """Equal for edges into the same table that say the same. Columns by their numbers where these are known: a name
        may be another column's since."""
        source = self.source.id if self.source.id is not None else (self.source.schema, self.source.name.lower())
        how = self.how.value if self.how else None
        return (
            self.kind,
            how,
            source,
            column_key(self.source_column, self.source_column_id),
            column_key(self.target_column, self.target_column_id),
        )

    def row(self, statement_hmac: str, actor: str) -> dict[str, object]:
        source, target = self.source, self.target
        return {
            "edge_id": secrets.token_hex(8),
            "kind": self.kind,
            "transformation": self.how.value if self.how else None,
            "source_schema": source.schema,
            "source_name": source.name,
            "source_id": source.id,
            "source_column": self.source_column,
            "source_column_id": self.source_column_id,
            "target_schema": target.schema,
            "target_name": target.name,
            "target_id": target.id,
            "target_column": self.target_column,
            "target_column_id": self.target_column_id,
            "statement_hmac": statement_hmac,
            "actor": actor,
        }

    def renamed(self, schema: str, old: str, new: str) -> "Edge":
        """As it is after a table was renamed in the transaction that made the edge."""
        return replace(
            self, source=_renamed(self.source, schema, old, new), target=_renamed(self.target, schema, old, new)
        )


def edges_of(
    columns: Sequence[tuple[str, Origins]],
    rows: Origins,
    read: Iterable[Table],
    target: Table,
    column_ids: dict[str, int],
    kind: str,
) -> list[Edge]:
    """Of each column, of what decides about rows, and of tables that are read for neither. What a table does with its
    own rows is left out, but for values that go from one of its columns to another."""
    found = [
        _edge(kind, origin, target, name, column_ids.get(name.lower()))
        for name, origins in columns
        for origin in origins
        if not _same(origin.table, target) or (origin.how.direct and origin.column.lower() != name.lower())
    ]
    found += [_edge(kind, origin, target, None, None) for origin in rows if not _same(origin.table, target)]
    told = {edge.source for edge in found}
    others = [table for table in read if table not in told and not _same(table, target)]
    return found + [whole(table, target, kind) for table in others]


def whole(source: Table, target: Table, kind: str) -> Edge:
    """That a table was read, and nothing more."""
    return Edge("ingest" if source.kind == "file" else kind, None, source, None, None, target, None, None)


def _edge(kind: str, origin: Origin, target: Table, column: str | None, column_id: int | None) -> Edge:
    return Edge(kind, origin.how, origin.table, origin.column, origin.column_id, target, column, column_id)


def _same(one: Table, other: Table) -> bool:
    """A table that is made anew is another one than the one that is read."""
    if one.kind == "file" or other.kind == "file":
        return False
    return one.id == other.id and (one.schema.lower(), one.name.lower()) == (other.schema.lower(), other.name.lower())


def _renamed(table: Table, schema: str, old: str, new: str) -> Table:
    same = table.id is None and table.kind != "file"
    if same and (table.schema.lower(), table.name.lower()) == (schema.lower(), old.lower()):
        return replace(table, name=new)
    return table


def column_key(name: str | None, number: int | None) -> object:
    return number if number is not None or name is None else name.lower()
