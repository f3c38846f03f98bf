"""What an expression's value comes from."""

from collections.abc import Callable

from sqlglot import exp

from server.lineage.origins import NONE, How, Origins, Unresolved, through, union
from server.lineage.relations import Column, Item, Relation, Scope

# Functions of windows, which DuckDB lists among the aggregates: they take a value of another row as it is.
_WINDOW_ONLY = frozenset("lag lead first_value last_value nth_value row_number rank dense_rank ntile".split())


class Expressions:
    """query: reads a subquery in the scope around it. aggregates: names of DuckDB's aggregate functions, lower case."""

    def __init__(self, query: Callable[[exp.Expression, Scope], Relation], aggregates: frozenset[str]) -> None:
        self._query = query
        self._aggregates = aggregates

    def origins(self, node: exp.Expression, scope: Scope, alias_first: bool = False) -> Origins:
        """Raises Unresolved for a name that is not known, or an expression that stands for several columns."""
        match node:
            case exp.Column():
                return scope.column(_parts(node), alias_first)
            case exp.Alias() | exp.Paren():
                return self.origins(node.this, scope, alias_first)
            case exp.Columns() | exp.PositionalColumn():
                raise Unresolved("COLUMNS where its columns can't be told, or a column by its number")
            case exp.Window():
                return self._window(node, scope)
            case exp.Filter():
                value = self.origins(node.this, scope)
                return value | self.deciding(node.expression, scope, How.CONDITIONAL)
            case exp.Case():
                return self._case(node, scope)
            case exp.If():
                results = [node.args.get("true"), node.args.get("false")]
                return self._chosen([node.this], results, scope)
            case exp.Exists():
                return through(How.CONDITIONAL, self._subquery(node.this, scope))
            case exp.Subquery() | exp.Select() | exp.SetOperation():
                return self._subquery(node, scope)
            case exp.Order():  # of the values that an aggregate takes
                value = self.origins(node.this, scope) if node.this is not None else NONE
                keys = union(self.origins(key, scope) for key in node.expressions)
                return value | through(How.SORT, keys)
            case exp.WithinGroup():
                keys = union(self.origins(key, scope) for key in node.expression.expressions)
                return through(How.AGGREGATION, self.origins(node.this, scope) | keys)
            case exp.Dot() if isinstance(node.expression, exp.Identifier):
                return self.origins(node.this, scope, alias_first)
            case exp.Comprehension():
                return self._comprehension(node, scope)
            case exp.Lambda():
                return through(How.TRANSFORMATION, self.origins(node.this, scope))
            case exp.Kwarg() | exp.PropertyEQ():
                return self.origins(node.expression, scope)
        how = How.AGGREGATION if self.is_aggregate(node) else How.TRANSFORMATION
        return through(how, self._children(node, scope, alias_first))

    def deciding(self, node: exp.Expression | None, scope: Scope, how: How, alias_first: bool = False) -> Origins:
        """Origins of what decides about rows or values: of a condition, or the keys of an order."""
        if node is None:
            return NONE
        return through(how, self._children(node, scope, alias_first))

    def is_aggregate(self, node: exp.Expression) -> bool:
        if isinstance(node, exp.Anonymous):
            return node.name.lower() in self._aggregates - _WINDOW_ONLY
        if not isinstance(node, exp.Func):
            return False
        name = node.sql_name().lower()
        return name not in _WINDOW_ONLY and (name in self._aggregates or isinstance(node, exp.AggFunc))

    def _children(self, node: exp.Expression, scope: Scope, alias_first: bool) -> Origins:
        children = [child for child in node.iter_expressions() if isinstance(child, exp.Expression)]
        return union(self.origins(child, scope, alias_first) for child in children)

    def _window(self, node: exp.Window, scope: Scope) -> Origins:
        value = through(How.TRANSFORMATION, self.origins(node.this, scope)) if node.this is not None else NONE
        return value | self.window_parts(node, scope)

    def window_parts(self, node: exp.Window, scope: Scope) -> Origins:
        """Origins of what a window is divided and ordered by."""
        named = scope.windows.get(node.alias.lower(), NONE) if node.alias else NONE
        keys = union(self.origins(key, scope) for key in node.args.get("partition_by") or [])
        keys |= self.deciding(node.args.get("order"), scope, How.WINDOW)
        keys |= self.deciding(node.args.get("spec"), scope, How.WINDOW)
        return named | through(How.WINDOW, keys)

    def _case(self, node: exp.Case, scope: Scope) -> Origins:
        branches = node.args.get("ifs") or []
        conditions = [node.this, *(branch.this for branch in branches)]
        return self._chosen(conditions, [*(b.args.get("true") for b in branches), node.args.get("default")], scope)

    def _chosen(
        self, conditions: list[exp.Expression | None], results: list[exp.Expression | None], scope: Scope
    ) -> Origins:
        decided = union(through(How.CONDITIONAL, self.origins(c, scope)) for c in conditions if c is not None)
        values = union(through(How.TRANSFORMATION, self.origins(r, scope)) for r in results if r is not None)
        return decided | values

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> Origins:
        """[value FOR name IN list IF condition]: the name hides columns."""
        taken = through(How.TRANSFORMATION, self.origins(node.args["iterator"], scope))
        inner = Scope(scope, [Item((), Relation((Column(node.expression.name, taken),)))])
        condition = node.args.get("condition")
        decided = through(How.CONDITIONAL, self.origins(condition, inner)) if condition is not None else NONE
        return taken | through(How.TRANSFORMATION, self.origins(node.this, inner)) | decided

    def _subquery(self, node: exp.Expression, scope: Scope) -> Origins:
        relation = self._query(node, scope)
        return union(column.origins for column in relation.columns) | (relation.rest or NONE) | relation.rows


def _parts(column: exp.Column) -> list[str]:
    return [part.name for part in column.parts]
