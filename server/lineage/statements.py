"""What a statement writes, and what each column of that comes from."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp

from server.lineage.origins import NONE, How, Origins, Table, Unresolved, through
from server.lineage.queries import Queries
from server.lineage.relations import Column, Relation, Scope
from server.lineage.tables import Tables
from server.sql.dml_parameters import named_text
from server.sql.statements import Statement

TEXT_CHARS_MAX = 100_000  # sqlglot takes a millisecond for a thousand
# It warns of texts that it takes for commands, and quotes them.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_FAILURES = (sqlglot.errors.SqlglotError, RecursionError, LookupError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True)
class Written:
    """target: as the statement names it. columns: that are filled, in order; None for those that the target turns out
    to have. kind: 'table' or 'view'. by_name: the relation's names are the target's. makes: the target is made."""

    target: exp.Table
    columns: tuple[str, ...] | None
    relation: Relation
    read: frozenset[Table]
    kind: str
    makes: bool = False
    by_name: bool = False
    temporary: bool = False


def parsed(statement: Statement) -> exp.Expression:
    """sqlglot's tree. Raises Unresolved."""
    if len(statement.text) > TEXT_CHARS_MAX:
        raise Unresolved("the statement is too long")
    try:
        tree: exp.Expression = sqlglot.parse_one(_text(statement), dialect="duckdb")
    except _FAILURES as error:
        raise Unresolved("sqlglot does not read it") from error
    return tree


def _text(statement: Statement) -> str:
    """sqlglot takes a PIVOT in FROM, not as the query of a statement."""
    depth = 0
    for token in statement.tokens if not statement.parameters else ():
        depth += (token.text == "(") - (token.text == ")") if token.kind == "operator" else 0
        if depth == 0 and token.word in ("SELECT", "FROM", "VALUES"):
            break
        if depth == 0 and token.word in ("PIVOT", "UNPIVOT"):
            text, start = statement.text.rstrip().rstrip(";"), token.start
            return f"{text[:start]}SELECT * FROM ({text[start:]})"
    return named_text(statement)


def table_names(tree: exp.Expression) -> list[str]:
    return [table.name for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]


def written(tree: exp.Expression, tables: Tables, aggregates: frozenset[str]) -> Written | None:
    """None for a statement that takes nothing from anywhere. Raises Unresolved."""
    try:
        queries = Queries(tables, aggregates)
        scope = Scope()
        queries.read_ctes(tree, scope)
        match tree:
            case exp.Create() if tree.kind in ("TABLE", "VIEW") and tree.expression is not None:
                return _created(tree, queries, scope)
            case exp.Insert() if isinstance(tree.expression, exp.Expression):
                return _inserted(tree, queries, scope)
            case exp.Update():
                return _updated(tree, queries, scope)
            case exp.Merge():
                return _merged(tree, queries, scope)
    except _FAILURES as error:
        raise Unresolved("sqlglot's tree has another form") from error
    return None


def _created(tree: exp.Create, queries: Queries, scope: Scope) -> Written:
    relation = queries.relation(tree.expression, scope)
    target, _ = _target(tree.this)
    properties = tree.args.get("properties")
    temporary = properties is not None and properties.find(exp.TemporaryProperty) is not None
    temporary |= "temp" in (target.db.lower(), target.catalog.lower())
    return Written(target, None, relation, queries.read, tree.kind.lower(), makes=True, temporary=temporary)


def _inserted(tree: exp.Insert, queries: Queries, scope: Scope) -> Written:
    relation = queries.relation(tree.expression, scope)
    target, columns = _target(tree.this)
    return Written(target, columns, relation, queries.read, "table", by_name=bool(tree.args.get("by_name")))


def _updated(tree: exp.Update, queries: Queries, scope: Scope) -> Written:
    """Its columns are those that it sets."""
    target, source = tree.this, tree.args.get("from_")
    rows, _ = queries.sources.fill(scope, [target, *([source.this] if source is not None else [])])
    rows |= queries.expressions.deciding(tree.args.get("where"), scope, How.FILTER)
    columns = [_assigned(each, queries, scope) for each in tree.expressions]
    return _changed(target, columns, rows, queries.read)


def _merged(tree: exp.Merge, queries: Queries, scope: Scope) -> Written:
    target = tree.this
    rows, _ = queries.sources.fill(scope, [target, tree.args["using"]])
    on = tree.args.get("on")
    if on is None:
        raise Unresolved("MERGE without ON")
    rows |= through(How.JOIN, queries.expressions.origins(on, scope))
    columns: list[Column] = []
    for when in tree.args["whens"].expressions:
        rows |= queries.expressions.deciding(_boxed(when.args.get("condition")), scope, How.FILTER)
        columns += _then(when.args.get("then"), queries, scope)
    return _changed(target, columns, rows, queries.read)


def _then(action: exp.Expression | None, queries: Queries, scope: Scope) -> list[Column]:
    match action:
        case exp.Update() if action.expressions:
            return [_assigned(each, queries, scope) for each in action.expressions]
        case exp.Insert() if isinstance(action.this, exp.Tuple) and isinstance(action.expression, exp.Tuple):
            pairs = zip(action.this.expressions, action.expression.expressions, strict=True)
            return [Column(name.name, queries.expressions.origins(value, scope)) for name, value in pairs]
        case exp.Var() if action.name.upper() in ("DELETE", "DO NOTHING", "NOTHING"):
            return []
    raise Unresolved("an action of MERGE that names no columns")


def _assigned(node: exp.Expression, queries: Queries, scope: Scope) -> Column:
    if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
        raise Unresolved("SET of something else than a column")
    return Column(node.this.name, queries.expressions.origins(node.expression, scope))


def _changed(target: exp.Table, columns: Sequence[Column], rows: Origins, read: frozenset[Table]) -> Written:
    """A statement that sets some columns of rows of its target, which it reads too."""
    merged: dict[str, Column] = {}
    for column in columns:
        before = merged.get(column.name.lower())
        both = column.origins | (before.origins if before else NONE)
        merged[column.name.lower()] = replace(column, origins=both)
    plain = exp.table_(target.this, db=target.args.get("db"), catalog=target.args.get("catalog"))
    return Written(plain, None, Relation(tuple(merged.values()), rows), read, "table", by_name=True)


def _target(node: exp.Expression) -> tuple[exp.Table, tuple[str, ...] | None]:
    """The table, and the columns that are named after it."""
    if isinstance(node, exp.Schema):
        return node.this, tuple(column.name for column in node.expressions) or None
    if not isinstance(node, exp.Table):
        raise Unresolved("a target that is no table")
    return node, None


def _boxed(node: exp.Expression | None) -> exp.Expression | None:
    return exp.Paren(this=node.copy()) if node is not None else None


def aligned(relation: Relation, names: Sequence[str], same_names: bool) -> list[tuple[str, Origins]]:
    """Each column of the target with its origins. same_names: the names come from the query, so they must be those that
    were expected. Raises Unresolved."""
    columns = list(relation.columns)
    missing = len(names) - len(columns)
    many = [number for number, column in enumerate(columns) if column.many]
    if missing > 0 and relation.rest is not None:
        columns += [Column("", relation.rest)] * missing
    elif missing > 0 and len(many) == 1:
        columns[many[0] : many[0] + 1] = [Column("", columns[many[0]].origins)] * (missing + 1)
    if len(columns) != len(names):
        raise Unresolved(f"{len(columns)} columns were found, DuckDB has {len(names)}")
    expected = [column.name.lower() for column in columns]
    for name, wanted in zip(names, expected, strict=True):
        if same_names and wanted and wanted != name.lower() and expected.count(wanted) == 1:
            raise Unresolved(f"{wanted} was expected where DuckDB has {name}")
    return [(name, column.origins) for name, column in zip(names, columns, strict=True)]
