"""A data file's columns as the table reads them: found by field id, since names and types may have changed since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.catalog.lake_types import LakeColumn, column_types
from server.sql.quoting import literal

ROW_ID = 2147483540  # DuckLake's field ids of what it adds to the files that it rewrites
SNAPSHOT_ID = 2147483539


@dataclass(frozen=True)
class Column:
    """A column of the table, or a part of a nested one. default: what rows hold that were written without it, as text.

    type: DuckDB's name. kind: DuckLake's, which is list, struct or map for a nested one.
    """

    id: int
    name: str
    kind: str
    type: str
    default: str | None
    parts: tuple["Column", ...]

    def sql(self, source: str, names: Mapping[int, str], depth: int = 0) -> str:
        """This column of a file whose fields have these names by id; source: SQL text of the file's value."""
        if not self.parts or self._is_as_written(names):
            return f"CAST({source} AS {self.type})"
        if self.kind == "struct":
            members = ", ".join(f"{literal(part.name)}: {part._member(source, names, depth)}" for part in self.parts)
            return f"CASE WHEN {source} IS NULL THEN NULL ELSE {{{members}}} END"
        item = f"x{depth}"
        if self.kind == "list":
            return f"list_transform({source}, lambda {item}: {self.parts[0].sql(item, names, depth + 1)})"
        key, value = (part.sql(f"{item}.{part.name}", names, depth + 1) for part in self.parts)
        pairs = f"list_transform(map_entries({source}), lambda {item}: {{'key': {key}, 'value': {value}}})"
        return f"map_from_entries({pairs})"

    def missing(self) -> str:
        """Its value where a file does not have it."""
        return f"CAST({'NULL' if self.default is None else literal(self.default)} AS {self.type})"

    def _member(self, struct: str, names: Mapping[int, str], depth: int) -> str:
        if self.id not in names:
            return self.missing()
        return self.sql(f"struct_extract({struct}, {literal(names[self.id])})", names, depth)

    def _is_as_written(self, names: Mapping[int, str]) -> bool:
        """Whether a file's value of this nested column is the table's without taking it apart. A list and a map name
        their parts themselves."""
        own = self.kind == "struct"
        return all((not own or names.get(part.id) == part.name) and part._is_as_written(names) for part in self.parts)


def columns_of(rows: Iterable[Sequence[object]]) -> list[Column]:
    """rows: (column_id, column_name, column_type, parent_column, initial_default) of a table, in order."""
    parts: dict[int | None, list[tuple[LakeColumn, str | None]]] = {}
    listed = []
    for number, name, kind, parent, default in rows:
        row = LakeColumn(int(str(number)), str(name), str(kind), None if parent is None else int(str(parent)))
        listed.append(row)
        parts.setdefault(row.parent_id, []).append((row, None if default is None else str(default)))

    def make(row: LakeColumn, default: str | None) -> Column:
        children = tuple(make(*part) for part in parts.get(row.column_id, []))
        return Column(row.column_id, row.name, row.type, _type(row, listed), default, children)

    return [make(*top) for top in parts.get(None, [])]


def _type(row: LakeColumn, listed: Sequence[LakeColumn]) -> str:
    """DuckDB's name of the type of a column or of a part."""
    top = LakeColumn(row.column_id, row.name, row.type)
    return column_types([top, *(other for other in listed if other.parent_id is not None)])[0].duckdb_type


@dataclass(frozen=True)
class FileFields:
    """names: of a file's fields by id, nested ones included. top: ids of its columns, in order."""

    names: Mapping[int, str]
    top: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, int | None, int | None]]) -> "FileFields":
        """rows: (name, field_id, num_children) of parquet_schema, its root included: a tree, depth first."""
        top: list[int] = []
        left: list[int] = []  # children that are still to come, of each node on the way down
        for _, number, children in rows[1:]:
            while left and left[-1] == 0:
                left.pop()
            if not left:
                top.append(-1 if number is None else number)
            else:
                left[-1] -= 1
            if children:
                left.append(children)
        return cls({number: name for name, number, _ in rows if number is not None}, tuple(top))

    def alias(self) -> str:
        """Names for the file's columns that no table can have taken."""
        return ", ".join(f"c{position}" for position in range(len(self.top)))

    def column(self, number: int) -> str | None:
        """The name in `alias` of a column; None if the file does not have it."""
        return f"c{self.top.index(number)}" if number in self.top else None

    def values(self, columns: Sequence[Column]) -> list[str]:
        """The table's columns, SQL text over `alias`."""
        found = [(column, self.column(column.id)) for column in columns]
        return [column.missing() if name is None else column.sql(name, self.names) for column, name in found]
