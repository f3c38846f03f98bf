"""What the parameters of DML are: a query in which each meets the column that it goes into or is compared with, so that
the types of its parameters are those of the statement.

DuckDB gives no tree of DML and tells no parameter types, so sqlglot reads it. What sqlglot can't read has parameters of
unknown type, which clients bind as text.
"""

from collections.abc import Callable, Iterator, Sequence

import sqlglot
from sqlglot import exp

from server.sql.statements import Statement

Columns = Callable[[str], Sequence[str]]
_MARK = "parameter_"
PARAMETERS_MAX = 200
TEXT_CHARS_MAX = 20_000  # sqlglot takes a millisecond for a thousand


def probe_query(statement: Statement, columns: Columns) -> str | None:
    """The query, each parameter named as `parameter` tells; None where there is none.

    columns: the column names of a table, given as SQL text.
    """
    if len(statement.text) > TEXT_CHARS_MAX or len(statement.parameters) > PARAMETERS_MAX:
        return None
    try:
        read = sqlglot.parse_one(named_text(statement), dialect="duckdb")
        probe = _probe(read, columns)
        if probe is None:
            return None
        if (clause := read.args.get("with_") or read.args.get("with")) is not None:
            probe.set("with_" if "with_" in exp.Select.arg_types else "with", clause.copy())
        return _sql(probe)
    except (sqlglot.errors.SqlglotError, RecursionError, LookupError, AttributeError, TypeError, ValueError):
        return None  # a text that sqlglot can't read, or reads as something else


def parameter(name: str) -> str:
    """What the parameter is called in the probe. name: in the statement, a number for ? and $1."""
    return f"{_MARK}{name.lower()}"


def named_text(statement: Statement) -> str:
    """The text with every parameter as :name, since sqlglot fails on ?:: and takes $1,$ for the start of a string."""
    text, position, count = [], 0, 0
    tokens = statement.tokens
    for number, token in enumerate(tokens):
        if token.kind != "operator" or not (token.text == "?" or token.text.startswith("$")):
            continue
        count += 1
        name, end = str(count), token.start + len(token.text)
        if token.text == "$" and number + 1 < len(tokens):
            name, end = tokens[number + 1].text, tokens[number + 1].start + len(tokens[number + 1].text)
        elif token.text != "?":
            name = token.text[1:]
        text += [statement.text[position : token.start], f":{parameter(name)}"]
        position = end
    return "".join([*text, statement.text[position:]])


def _probe(statement: exp.Expression, columns: Columns) -> exp.Expression | None:
    match statement:
        case exp.Insert():
            return _insert(statement, columns)
        case exp.Update():
            source = statement.args.get("from_") or statement.args.get("from")
            sources = [statement.this, *([source.this] if source is not None else [])]
            return _select(sources, [*statement.expressions, *_condition(statement)])
        case exp.Delete():
            using = statement.args.get("using") or []
            return _select([statement.this, *using], list(_condition(statement)))
        case exp.Merge():
            return _merge(statement, columns)
    return None


def _condition(statement: exp.Expression) -> Iterator[exp.Expression]:
    where = statement.args.get("where")
    if where is not None:
        yield where.this


def _insert(statement: exp.Insert, columns: Columns) -> exp.Expression | None:
    target, names = _target(statement.this, columns)
    source = statement.expression
    if isinstance(source, exp.Values):
        rows = [row.expressions for row in source.expressions if isinstance(row, exp.Tuple)]
        return _select([target], [met for row in rows for met in _met(names, row)])
    if isinstance(source, exp.Select):
        query = source.copy()
        for name, item in zip(names, query.expressions, strict=False):
            if isinstance(item, exp.Placeholder):
                stored = exp.select(exp.column(name, quoted=True)).from_(target.copy())
                item.replace(exp.EQ(this=item.copy(), expression=stored.subquery()))
        return query
    return None


def _merge(statement: exp.Merge, columns: Columns) -> exp.Expression:
    target, source = statement.this, statement.args["using"]
    met: list[exp.Expression] = [statement.args["on"]]
    whens = statement.args["whens"].expressions
    for when in whens:
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            met += then.expressions
        elif isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
            named = [c.name for c in then.this.expressions] if isinstance(then.this, exp.Tuple) else None
            met += _met(named or columns(_sql(_unaliased(target))), then.expression.expressions, target.alias_or_name)
    return _select([target, source], met)


def _target(written: exp.Expression, columns: Columns) -> tuple[exp.Expression, Sequence[str]]:
    """The table, and the columns that values go into, in order."""
    if isinstance(written, exp.Schema):
        return written.this, [column.name for column in written.expressions]
    return written, columns(_sql(_unaliased(written)))


def _met(names: Sequence[str], values: Sequence[exp.Expression], table: str | None = None) -> list[exp.Expression]:
    """Each value that holds a parameter compared with its column."""
    return [
        exp.EQ(this=value.copy(), expression=exp.column(name, table=table, quoted=True))
        for name, value in zip(names, values, strict=False)
        if value.find(exp.Placeholder)
    ]


def _select(sources: Sequence[exp.Expression], met: Sequence[exp.Expression]) -> exp.Expression:
    query = exp.select(*(expression.copy() for expression in met) if met else ("1",)).from_(sources[0].copy())
    for source in sources[1:]:
        query = query.join(source.copy(), join_type="cross")
    return query


def _unaliased(table: exp.Expression) -> exp.Expression:
    bare = table.copy()
    bare.set("alias", None)
    return bare


def _sql(expression: exp.Expression) -> str:
    text: str = expression.sql(dialect="duckdb")
    return text
