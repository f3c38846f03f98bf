"""Relations while a query is read: columns with their origins, and the scopes in which names are looked up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.lineage.origins import NONE, Origins, Table, Unresolved, union

# Columns that tables have beside those of *.
VIRTUAL = frozenset({"rowid", "snapshot_id", "filename", "file_row_number", "file_index"})


@dataclass(frozen=True)
class Column:
    """name: '' where DuckDB makes one up. many: it may be several columns, as of unnest(struct)."""

    name: str
    origins: Origins
    many: bool = False


@dataclass(frozen=True)
class Relation:
    """columns: in order. rows: what decides which rows there are. tables: all that is read. rest: origins of further
    columns whose names are known to DuckDB only, as of a PIVOT; None for no such columns."""

    columns: tuple[Column, ...]
    rows: Origins = NONE
    tables: frozenset[Table] = frozenset()
    rest: Origins | None = None

    def named(self, names: Sequence[str]) -> "Relation":
        """With the first columns called by these names."""
        if len(names) > len(self.columns) and self.rest is None:
            raise Unresolved("more names than columns")
        renamed = [replace(column, name=name) for column, name in zip(self.columns, names, strict=False)]
        extra = [Column(name, self.rest or NONE) for name in names[len(self.columns) :]]
        return replace(self, columns=(*renamed, *self.columns[len(renamed) :], *extra))

    def find(self, name: str) -> Column | None:
        lowered = name.lower()
        return next((column for column in self.columns if column.name.lower() == lowered), None)

    @property
    def everything(self) -> Origins:
        """Origins of a whole row."""
        return union([*(column.origins for column in self.columns), self.rest or NONE])


@dataclass(frozen=True)
class Item:
    """A relation of a FROM clause. names: what it can be called by, outermost first, as ('main', 't'). hidden: columns
    that a USING join shows once, on its other side; shared: those that it shows here, with what they come from then.
    Both in lower case."""

    names: tuple[str, ...]
    relation: Relation
    hidden: frozenset[str] = frozenset()
    shared: Mapping[str, Origins] = field(default_factory=dict)

    def called(self, names: Sequence[str]) -> bool:
        own = tuple(name.lower() for name in self.names)
        return bool(own) and own[-len(names) :] == tuple(name.lower() for name in names)

    def visible(self) -> Iterator[Column]:
        """The columns that * shows of it."""
        for column in self.relation.columns:
            if (name := column.name.lower()) not in self.hidden:
                yield replace(column, origins=self.shared.get(name, column.origins))


@dataclass
class Scope:
    """What names mean in one SELECT. outer: of the query around it, whose columns it may use too. aliases: of the
    SELECT list, as far as it was read. ctes: by name in lower case. windows: named ones."""

    outer: "Scope | None" = None
    items: list[Item] = field(default_factory=list)
    aliases: dict[str, Origins] = field(default_factory=dict)
    ctes: dict[str, Relation] = field(default_factory=dict)
    windows: dict[str, Origins] = field(default_factory=dict)

    def cte(self, name: str) -> Relation | None:
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.ctes.get(name.lower())) is not None:
                return found
            scope = scope.outer
        return None

    def visible(self) -> Iterator[Column]:
        """The columns of *."""
        for item in self.items:
            yield from item.visible()

    def column(self, parts: Sequence[str], alias_first: bool = False) -> Origins:
        """Origins of a dotted name: of a column, a field of one, an alias of the SELECT list, or a whole row.

        Raises Unresolved if there is none.
        """
        scope: Scope | None = self
        while scope is not None:
            if (found := scope._own(parts, alias_first)) is not None:
                return found
            scope = scope.outer
        if parts[-1].lower() in VIRTUAL:
            return NONE
        raise Unresolved(f"no column {'.'.join(parts)}")

    def _own(self, parts: Sequence[str], alias_first: bool) -> Origins | None:
        if alias_first and len(parts) == 1 and parts[0].lower() in self.aliases:
            return self.aliases[parts[0].lower()]
        for length in range(len(parts) - 1, 0, -1):  # t.a before a.t, as DuckDB has it
            for item in self.items:
                if item.called(parts[:length]) and (found := item.relation.find(parts[length])) is not None:
                    return found.origins
        if (plain := self._unqualified(parts[0])) is not None:
            return plain
        if parts[0].lower() in self.aliases:
            return self.aliases[parts[0].lower()]
        if len(parts) == 1:
            for item in self.items:
                if item.called(parts):
                    return item.relation.everything
        asked = [item for item in self.items if len(parts) == 1 or item.called(parts[:-1])]
        rests = [item.relation.rest for item in asked if item.relation.rest is not None]
        return rests[0] if len(rests) == 1 else None

    def _unqualified(self, name: str) -> Origins | None:
        lowered = name.lower()
        return next((column.origins for column in self.visible() if column.name.lower() == lowered), None)
