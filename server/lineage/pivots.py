"""PIVOT and UNPIVOT, in DuckDB's form and the standard's."""

from collections.abc import Sequence

from sqlglot import exp

from server.lineage.expressions import Expressions
from server.lineage.origins import NONE, How, Unresolved, through, union
from server.lineage.relations import Column, Relation, Scope
from server.lineage.tables import Tables


class Pivots:
    def __init__(self, tables: Tables, expressions: Expressions) -> None:
        self._tables = tables
        self._expressions = expressions

    def applied(self, pivot: exp.Pivot, relation: Relation, scope: Scope) -> Relation:
        """scope: holds the relation alone. Raises Unresolved."""
        if relation.rest is not None:
            raise Unresolved("a PIVOT of a PIVOT")
        result = self._longer(pivot, relation, scope) if pivot.unpivot else self._wider(pivot, relation, scope)
        alias = pivot.args.get("alias")
        return result.named([column.name for column in alias.columns]) if alias is not None else result

    def _wider(self, pivot: exp.Pivot, relation: Relation, scope: Scope) -> Relation:
        """The columns of a PIVOT have their names from values: DuckDB alone knows how many there are."""
        simple = not pivot.args.get("fields")
        keys = list(pivot.expressions if simple else pivot.args["fields"])
        aggregates = list(pivot.args.get("using") or []) if simple else list(pivot.expressions)
        spread = union(self._expressions.origins(_key(key), scope) for key in keys)
        values = union(through(How.AGGREGATION, self._expressions.origins(each, scope)) for each in aggregates)
        group = pivot.args.get("group")
        used = {column.name.lower() for node in (*keys, *aggregates) for column in node.find_all(exp.Column)}
        if group is not None:
            kept = [Column(each.name, self._expressions.origins(each, scope)) for each in group.expressions]
        else:
            kept = [column for column in relation.columns if column.name.lower() not in used]
        decided = through(How.CONDITIONAL, spread)
        grouped = through(How.GROUP_BY, union(column.origins for column in kept) | spread)
        return Relation(tuple(kept), relation.rows | grouped, relation.tables, values | decided)

    def _longer(self, pivot: exp.Pivot, relation: Relation, scope: Scope) -> Relation:
        """Some columns become rows: a column with their names, and one with their values."""
        if fields := pivot.args.get("fields"):
            if len(fields) != 1 or len(pivot.expressions) != 1:
                raise Unresolved("an UNPIVOT of several columns at once")
            sources, label, value = fields[0].expressions, fields[0].this.name, pivot.expressions[0].name
        else:
            into = pivot.args.get("into")
            if into is not None and len(into.expressions) != 1:
                raise Unresolved("an UNPIVOT of several columns at once")
            label = into.this.name if into is not None else "name"
            value = into.expressions[0].name if into is not None else "value"
            sources = pivot.expressions
        taken = self._taken(sources, relation, scope)
        names = {column.name.lower() for column in taken}
        kept = [column for column in relation.columns if column.name.lower() not in names]
        values = union(column.origins for column in taken)
        columns = (*kept, Column(label, NONE), Column(value, through(How.TRANSFORMATION, values)))
        return Relation(columns, relation.rows | through(How.FILTER, values), relation.tables)

    def _taken(self, sources: Sequence[exp.Expression], relation: Relation, scope: Scope) -> list[Column]:
        taken: list[Column] = []
        for source in sources:
            node = source.this if isinstance(source, (exp.Alias, exp.PivotAlias)) else source
            if isinstance(node, exp.Columns):
                taken += self._matching(node.this, relation)
            elif isinstance(node, exp.Star):
                taken += self._matching(node, relation)
            elif isinstance(node, exp.Column) and (found := relation.find(node.name)) is not None:
                taken.append(found)
            else:
                raise Unresolved("an UNPIVOT of expressions")
        return taken

    def _matching(self, pattern: exp.Expression, relation: Relation) -> list[Column]:
        names = self._tables.matching([column.name for column in relation.columns], pattern)
        return [column for column in relation.columns if column.name in names]


def _key(node: exp.Expression) -> exp.Expression:
    """The column of `ON column IN (…)`."""
    found = node.this if isinstance(node, (exp.In, exp.Alias, exp.PivotAlias)) else node
    return found if isinstance(found, exp.Expression) else node
