"""The SELECT list: its columns in order, stars and COLUMNS(…) taken apart."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from server.lineage.expressions import Expressions
from server.lineage.origins import Origins, Unresolved, union
from server.lineage.relations import Column, Item, Scope
from server.lineage.tables import Tables

_UNNESTING = (exp.Unnest, exp.Explode)


class Projections:
    def __init__(self, tables: Tables, expressions: Expressions) -> None:
        self._tables = tables
        self._expressions = expressions

    def columns(self, nodes: Sequence[exp.Expression], scope: Scope) -> tuple[list[Column], Origins | None]:
        """The columns, and the origins of those whose names are not known, None for no such. Each alias can be used by
        those after it. Raises Unresolved."""
        found: list[Column] = []
        rest: Origins | None = None
        for node in nodes:
            if rest is not None:
                raise Unresolved("columns after some that can't be counted")
            if _star(node) is not None:
                rest = self._unknown(node, scope)
            for column in self._one(node, scope):
                found.append(column)
                if isinstance(node, exp.Alias) and column.name:
                    scope.aliases.setdefault(column.name.lower(), column.origins)
        return found, rest

    def _one(self, node: exp.Expression, scope: Scope) -> Iterator[Column]:
        if (star := _star(node)) is not None:
            yield from self._star(star, scope, _qualifier(node))
            return
        if isinstance(node, exp.Aliases):
            raise Unresolved("several aliases of one expression")
        if node.find(exp.Columns) is not None:
            yield from self._by_pattern(node, scope)
            return
        if any(isinstance(part, exp.Star) and isinstance(part.parent, (exp.Column, exp.Dot)) for part in node.walk()):
            raise Unresolved("a star inside an expression")
        value = node.unalias() if isinstance(node, exp.Alias) else node
        yield Column(_name(node), self._expressions.origins(node, scope), isinstance(value, _UNNESTING))

    def _unknown(self, node: exp.Expression, scope: Scope) -> Origins | None:
        """Of columns that a star stands for and only DuckDB can name."""
        items = self._items(scope, _qualifier(node))
        rests = [item.relation.rest for item in items if item.relation.rest is not None]
        return union(rests) if rests else None

    def _items(self, scope: Scope, qualifier: tuple[str, ...]) -> list[Item]:
        return [item for item in scope.items if not qualifier or item.called(qualifier)]

    def _star(self, star: exp.Star, scope: Scope, qualifier: tuple[str, ...]) -> Iterator[Column]:
        if qualifier and not self._items(scope, qualifier):
            raise Unresolved(f"the fields of {'.'.join(qualifier)}")
        if star.args.get("ilike"):
            raise Unresolved("a star with a pattern")
        left_out = {_column_name(node) for node in star.args.get("except_") or []}
        replaced = {node.alias.lower(): node for node in star.args.get("replace") or []}
        renamed = {_column_name(node.this): node.alias for node in star.args.get("rename") or []}
        columns = scope.visible() if not qualifier else self._all(self._items(scope, qualifier))
        for column in columns:
            name = column.name.lower()
            if name in left_out:
                continue
            if name in replaced:
                column = replace(column, origins=self._expressions.origins(replaced[name].this, scope))
            yield replace(column, name=renamed.get(name, column.name))

    def _all(self, items: Sequence[Item]) -> Iterator[Column]:
        for item in items:
            yield from item.relation.columns

    def _by_pattern(self, node: exp.Expression, scope: Scope) -> Iterator[Column]:
        """One column for each that COLUMNS(…) stands for."""
        calls = list(node.find_all(exp.Columns))
        if len(calls) != 1 or calls[0].args.get("unpack"):
            raise Unresolved("COLUMNS more than once, or unpacked")
        call = calls[0]
        for column in self._matched(call.this, scope):
            if call is node:
                yield column
                continue
            inner = Scope(scope, [*scope.items], {**scope.aliases, _MATCHED: column.origins})
            named = node.copy()
            for each in named.find_all(exp.Columns):
                each.replace(exp.column(exp.to_identifier(_MATCHED, quoted=True)))
            yield Column("", self._expressions.origins(named, inner))

    def _matched(self, pattern: exp.Expression, scope: Scope) -> list[Column]:
        qualifier = _qualifier(pattern)
        if (star := _star(pattern)) is not None:
            return list(self._star(star, scope, qualifier))
        columns = list(scope.visible())
        if any(item.relation.rest is not None for item in scope.items):
            raise Unresolved("COLUMNS over columns that can't be counted")
        kept = self._tables.matching([column.name for column in columns], pattern)
        return [column for column in columns if column.name in kept]


_MATCHED = "\x00columns"  # no column has this name


def _star(node: exp.Expression) -> exp.Star | None:
    """The star that a projection is, or ends in."""
    if isinstance(node, exp.Star):
        return node
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return node.this
    return None


def _qualifier(node: exp.Expression) -> tuple[str, ...]:
    return tuple(part.name for part in node.parts[:-1]) if isinstance(node, exp.Column) else ()


def _column_name(node: exp.Expression) -> str:
    return str(node.name).lower()


def _name(node: exp.Expression) -> str:
    return node.alias if isinstance(node, exp.Alias) else node.name if isinstance(node, (exp.Column, exp.Dot)) else ""
