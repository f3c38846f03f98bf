"""The FROM clause: tables, subqueries, joins, lists taken apart, VALUES."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from server.lineage.expressions import Expressions
from server.lineage.origins import NONE, How, Origins, Table, Unresolved, through, union
from server.lineage.pivots import Pivots
from server.lineage.relations import Column, Item, Relation, Scope
from server.lineage.table_functions import TableFunctions
from server.lineage.tables import Tables

Read = tuple[Origins, frozenset[Table]]


class Sources:
    def __init__(
        self, tables: Tables, expressions: Expressions, query: Callable[[exp.Expression, Scope], Relation]
    ) -> None:
        self._tables = tables
        self._expressions = expressions
        self._query = query
        self._functions = TableFunctions(tables, expressions)
        self._pivots = Pivots(tables, expressions)

    def fill(self, scope: Scope, nodes: Sequence[exp.Expression]) -> Read:
        """Put the relations of a FROM clause into the scope, in order; what decides about their rows, and what is read.
        Each can use those before it, as LATERAL lets it. Raises Unresolved."""
        return self._filled(scope, nodes, len(scope.items))

    def _filled(self, scope: Scope, nodes: Sequence[exp.Expression], start: int) -> Read:
        """start: number of the first relation that the joins join; behind a comma they begin anew."""
        rows, tables = NONE, frozenset[Table]()
        for node in nodes:
            if not isinstance(node, exp.Join) or _is_comma(node):
                start = len(scope.items)
            more = self._joined(node, scope, start) if isinstance(node, exp.Join) else self._add(node, scope)
            rows, tables = rows | more[0], tables | more[1]
        return rows, tables

    def relation(self, node: exp.Expression, scope: Scope) -> Relation:
        """Of what stands alone where a query may stand."""
        inner = Scope(scope)
        rows, tables = self._add(node, inner)
        columns = tuple(inner.visible())
        rests = [item.relation.rest for item in inner.items if item.relation.rest is not None]
        return Relation(columns, rows, tables, union(rests) if rests else None)

    def _add(self, node: exp.Expression, scope: Scope) -> Read:
        start = len(scope.items)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            rows, tables = self._add(node.this, scope)  # joins in parentheses
        else:
            item = self._item(node, scope)
            scope.items.append(item)
            rows, tables = item.relation.rows, item.relation.tables
        if joins := node.args.get("joins"):
            more = self._filled(scope, joins, start)
            rows, tables = rows | more[0], tables | more[1]
        return rows, tables

    def _item(self, node: exp.Expression, scope: Scope) -> Item:
        if node.args.get("laterals"):
            raise Unresolved("a LATERAL VIEW")
        relation, names = self._bare(node, scope)
        for pivot in node.args.get("pivots") or []:
            relation = self._pivots.applied(pivot, relation, Scope(scope, [Item(names, relation)]))
            names = (pivot.alias,) if pivot.alias else names
        alias = node.args.get("alias")
        if isinstance(alias, exp.TableAlias):
            names = (alias.name,) if alias.name else names
            relation = relation.named([column.name for column in alias.columns])
        return Item(names, relation)

    def _bare(self, node: exp.Expression, scope: Scope) -> tuple[Relation, tuple[str, ...]]:
        """Without alias. The scope has what stands before."""
        match node:
            case exp.Table() if isinstance(node.this, exp.Identifier):
                return self._table(node, scope)
            case exp.Table() if node.this is not None:
                return self._functions.relation(node.this, scope), (_function_name(node.this),)
            case exp.Lateral():
                inner = node.this
                if isinstance(inner, (exp.Subquery, exp.Select)):
                    return self._query(inner, scope), ()
                return self._functions.relation(inner, scope), (_function_name(inner),)
            case exp.Unnest():
                return self._functions.relation(node, scope), ("unnest",)
            case exp.Values():
                return self._values(node, scope), ()
            case exp.Pivot():
                inner = Scope(scope)
                rows, tables = self._add(node.this, inner)
                item = inner.items[0]
                whole = replace(item.relation, rows=rows, tables=tables)
                return self._pivots.applied(node, whole, inner), ()
            case exp.Subquery() if isinstance(node.this, (exp.Table, exp.Values, exp.Pivot, exp.Unnest)):
                return self._wrapped(node, scope), ()
            case exp.Subquery():
                plain = node.copy()
                for part in ("alias", "pivots", "joins", "laterals"):
                    plain.set(part, None)
                return self._query(plain, scope), ()
            case exp.Select() | exp.SetOperation():
                return self._query(node, scope), ()
        raise Unresolved(f"FROM {type(node).__name__}")

    def _wrapped(self, node: exp.Subquery, scope: Scope) -> Relation:
        return self.relation(node.this, scope)

    def _table(self, node: exp.Table, scope: Scope) -> tuple[Relation, tuple[str, ...]]:
        if not node.db and (known := scope.cte(node.name)) is not None:
            return known, (node.name,)
        _, schema, name = self._tables.place(node)
        return self._tables.relation(node), (schema, name)

    def _values(self, node: exp.Values, scope: Scope) -> Relation:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        columns = [
            Column(f"col{number}", union(self._expressions.origins(value, scope) for value in values))
            for number, values in enumerate(zip(*rows, strict=False))
        ]
        return Relation(tuple(columns))

    # Joins

    def _joined(self, join: exp.Join, scope: Scope, start: int) -> Read:
        before = len(scope.items)
        rows, tables = self._add(join.this, scope)
        added = scope.items[before:]
        using = [column.name for column in join.args.get("using") or []]
        if join.args.get("method") == "NATURAL":
            using = _shared(scope, start, before)
        rows |= self._using(join, scope, range(start, before), using)
        on = join.args.get("on")
        if on is not None:
            rows |= through(How.JOIN, self._expressions.origins(on, scope))
        if join.args.get("kind") in ("SEMI", "ANTI"):
            del scope.items[before:]
            rows |= union(item.relation.rows for item in added)
        return rows, tables

    def _using(self, join: exp.Join, scope: Scope, lefts: range, using: Sequence[str]) -> Origins:
        """Show each column of USING once, with the values that it has in this kind of join. lefts: numbers of the
        relations on its left."""
        rows = NONE
        for name in using:
            left = Scope(None, scope.items[lefts.start : lefts.stop]).column([name])
            right = Scope(None, scope.items[lefts.stop :]).column([name])
            rows |= through(How.JOIN, left | right)
            if join.args.get("kind") in ("SEMI", "ANTI"):
                continue
            side = join.args.get("side") or ""
            merged = {"RIGHT": right, "FULL": through(How.TRANSFORMATION, left | right)}.get(side.upper(), left)
            _share(scope, lefts, name.lower(), merged)
        return rows


def _share(scope: Scope, lefts: range, name: str, merged: Origins) -> None:
    """Show the column on the left, where it is first, and not on the right."""
    for number in lefts:
        item = scope.items[number]
        if any(column.name.lower() == name for column in item.visible()):
            scope.items[number] = replace(item, shared={**item.shared, name: merged})
            break
    right = scope.items[lefts.stop :]
    scope.items[lefts.stop :] = [replace(item, hidden=item.hidden | {name}) for item in right]


def _is_comma(join: exp.Join) -> bool:
    return not any(join.args.get(part) for part in ("method", "side", "kind", "on", "using"))


def _shared(scope: Scope, start: int, before: int) -> list[str]:
    left = {column.name.lower() for item in scope.items[start:before] for column in item.relation.columns}
    right = [column.name for item in scope.items[before:] for column in item.relation.columns]
    return [name for name in right if name.lower() in left]


def _function_name(node: exp.Expression) -> str:
    return node.name.lower() if isinstance(node, exp.Anonymous) else str(node.sql_name()).lower()
