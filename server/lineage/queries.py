"""A query's relation: each column with its origins, read off sqlglot's tree with the columns that DuckDB knows.

Names are looked up as DuckDB's binder does; what it would not find for certain is Unresolved, never a guess.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from server.lineage.expressions import Expressions
from server.lineage.origins import NONE, How, Origins, Table, Unresolved, through, union
from server.lineage.projections import Projections
from server.lineage.relations import Column, Relation, Scope
from server.lineage.sources import Sources
from server.lineage.tables import Tables

ROUNDS_MAX = 20  # of a recursive query, until nothing new comes in


class Queries:
    """One per statement. read: every table that was met, in CTEs and subqueries too."""

    def __init__(self, tables: Tables, aggregates: frozenset[str]) -> None:
        self._tables = tables
        self.expressions = Expressions(self.relation, aggregates)
        self.sources = Sources(tables, self.expressions, self.relation)
        self._projections = Projections(tables, self.expressions)

    @property
    def read(self) -> frozenset[Table]:
        return frozenset(self._tables.met)

    def relation(self, node: exp.Expression, outer: Scope | None = None) -> Relation:
        """Raises Unresolved."""
        match node:
            case exp.Subquery():
                return self._parenthesised(node, outer)
            case exp.SetOperation():
                return self._set_operation(node, outer)
            case exp.Select():
                return self._select(node, outer)
            case exp.Pivot() | exp.Values() | exp.Table():
                scope = Scope(outer)
                self.read_ctes(node, scope)
                return self.sources.relation(node, scope)
        raise Unresolved(f"a query by {type(node).__name__}")

    def _parenthesised(self, node: exp.Subquery, outer: Scope | None) -> Relation:
        scope = Scope(outer)
        self.read_ctes(node, scope)
        relation = self.relation(node.this, scope)
        if node.args.get("pivots") or node.args.get("joins") or node.args.get("laterals"):
            raise Unresolved("joins of a parenthesised query")
        return self._ordered(node, relation, scope)

    def _set_operation(self, node: exp.SetOperation, outer: Scope | None) -> Relation:
        scope = Scope(outer)
        self.read_ctes(node, scope)
        left, right = self.relation(node.this, scope), self.relation(node.expression, scope)
        return self._ordered(node, combined(node, left, right), scope)

    def _ordered(self, node: exp.Expression, relation: Relation, scope: Scope) -> Relation:
        """With what it is ordered by: columns of the result."""
        inner = Scope(scope.outer, aliases={c.name.lower(): c.origins for c in relation.columns if c.name})
        inner.ctes = scope.ctes
        keys = self._keys(node.args.get("order"), inner, relation.columns)
        return replace(relation, rows=relation.rows | through(How.SORT, keys) | self._counted(node, scope))

    def _select(self, node: exp.Select, outer: Scope | None) -> Relation:
        if node.args.get("laterals") or node.args.get("into") or node.args.get("exclude"):
            raise Unresolved("a clause that is not read")
        scope = Scope(outer)
        self.read_ctes(node, scope)
        rows, tables = NONE, frozenset[Table]()
        if (source := node.args.get("from_")) is not None:
            rows, tables = self.sources.fill(scope, [source.this, *(node.args.get("joins") or [])])
        for window in node.args.get("windows") or []:
            scope.windows[window.name.lower()] = self.expressions.window_parts(window, scope)
        columns, rest = self._projections.columns(node.expressions, scope)
        rows |= self._clauses(node, scope, columns) | self._unnested(node, scope)
        return Relation(tuple(columns), rows | self._counted(node, scope), tables, rest)

    def _counted(self, node: exp.Expression, scope: Scope) -> Origins:
        """What queries in LIMIT and OFFSET read decides how many rows there are."""
        limits = [each for name in ("limit", "offset") if (each := node.args.get(name)) is not None]
        queries = [query for each in limits for query in each.find_all(exp.Subquery)]
        return union(self.expressions.deciding(query, scope, How.FILTER) for query in queries)

    def _unnested(self, node: exp.Select, scope: Scope) -> Origins:
        """A list that is taken apart in the SELECT list decides how many rows there are."""
        calls = [call for each in node.expressions for call in each.find_all(exp.Unnest, exp.Explode)]
        own = [call for call in calls if call.find_ancestor(exp.Select) is node]
        return union(self.expressions.deciding(call, scope, How.FILTER) for call in own)

    def _clauses(self, node: exp.Select, scope: Scope, columns: Sequence[Column]) -> Origins:
        deciding, args = self.expressions.deciding, node.args
        rows = deciding(args.get("where"), scope, How.FILTER)
        rows |= deciding(args.get("having"), scope, How.FILTER) | deciding(args.get("qualify"), scope, How.FILTER)
        if (distinct := args.get("distinct")) is not None:
            rows |= deciding(distinct.args.get("on"), scope, How.FILTER)
        if (group := args.get("group")) is not None:
            rows |= through(How.GROUP_BY, self._groups(group, node, scope, columns))
        return rows | through(How.SORT, self._keys(args.get("order"), scope, columns))

    def _groups(self, group: exp.Group, node: exp.Select, scope: Scope, columns: Sequence[Column]) -> Origins:
        if group.args.get("all"):
            plain = [
                column.origins
                for column, projected in zip(columns, node.expressions, strict=False)
                if not any(self.expressions.is_aggregate(part) for part in projected.walk())
            ]
            return union(plain)
        found = [self._key(key, scope, columns) for key in group.expressions]
        for name in ("grouping_sets", "cube", "rollup"):
            found += [self.expressions.origins(part, scope) for part in group.args.get(name) or []]
        return union(found)

    def _keys(self, order: exp.Expression | None, scope: Scope, columns: Sequence[Column]) -> Origins:
        if order is None:
            return NONE
        keys = [key.this if isinstance(key, exp.Ordered) else key for key in order.expressions]
        return union(self._key(key, scope, columns, True) for key in keys)

    def _key(self, key: exp.Expression, scope: Scope, columns: Sequence[Column], alias_first: bool = False) -> Origins:
        """Of one key of an order or a grouping: an expression, the number of a column, or ALL."""
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(columns):
            return columns[int(key.name) - 1].origins
        if isinstance(key, exp.Column) and key.name.upper() == "ALL" and not key.table and not key.this.quoted:
            return union(column.origins for column in columns)
        return self.expressions.origins(key, scope, alias_first)

    # WITH

    def read_ctes(self, node: exp.Expression, scope: Scope) -> None:
        """Put the relations of its WITH into the scope."""
        clause = node.args.get("with_")
        for cte in clause.expressions if clause is not None else ():
            names = [column.name for column in cte.args["alias"].columns]
            if clause.recursive and isinstance(cte.this, exp.SetOperation) and _names(cte.this, cte.alias):
                scope.ctes[cte.alias.lower()] = self._recursive(cte.this, cte.alias, names, scope)
            else:
                scope.ctes[cte.alias.lower()] = self.relation(cte.this, scope).named(names)

    def _recursive(self, node: exp.SetOperation, name: str, names: Sequence[str], scope: Scope) -> Relation:
        """What its first part gives, and all that its second makes of that, again and again."""
        inner = Scope(scope)
        self.read_ctes(node, inner)
        known = self.relation(node.this, inner).named(names)
        for _ in range(ROUNDS_MAX):
            inner.ctes[name.lower()] = known
            grown = combined(node, known, self.relation(node.expression, inner))
            if grown == known:
                return known
            known = grown
        raise Unresolved(f"recursive query {name} does not settle")


def combined(node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    """Of UNION, INTERSECT and EXCEPT. The last two take values from the left, by what the right has."""
    rows, tables = left.rows | right.rows, left.tables | right.tables
    if node.args.get("side") or node.args.get("on"):
        raise Unresolved("a set operation that is not DuckDB's")
    if not isinstance(node, exp.Union):
        return replace(left, rows=rows | through(How.FILTER, right.everything), tables=tables)
    if left.rest is not None or right.rest is not None or any(c.many for c in (*left.columns, *right.columns)):
        raise Unresolved("columns that can't be counted in a set operation")
    if node.args.get("by_name"):
        return Relation(tuple(_by_name(left, right)), rows, tables)
    if len(left.columns) != len(right.columns):
        raise Unresolved("a set operation of unlike width")
    both = [replace(a, origins=a.origins | b.origins) for a, b in zip(left.columns, right.columns, strict=True)]
    return Relation(tuple(both), rows, tables)


def _by_name(left: Relation, right: Relation) -> Iterator[Column]:
    for column in left.columns:
        other = right.find(column.name)
        yield column if other is None else replace(column, origins=column.origins | other.origins)
    for column in right.columns:
        if left.find(column.name) is None:
            yield column


def _names(node: exp.Expression, name: str) -> bool:
    return any(not table.db and table.name.lower() == name.lower() for table in node.find_all(exp.Table))
