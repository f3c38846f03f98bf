"""Which tables a statement reads, where its columns can't be told: by DuckDB's tree, or by its tokens."""

from server.lineage.origins import Table
from server.lineage.tables import Tables
from server.sql.sources import source_positions
from server.sql.statements import Statement
from server.sql.targets import dotted_name, targets
from server.sql.tree import Node, Parser, nodes

_OPENING = frozenset("SELECT FROM WITH TABLE VALUES".split())


def tables_read(parser: Parser, statement: Statement, tables: Tables) -> tuple[frozenset[Table], tuple[str, ...]]:
    """The tables that the lake has, and all names. Of COPY the file."""
    if statement.type_name == "COPY":
        return _file(statement), ()
    tree = _query(parser, statement)
    found = _in_tree(tree) if tree is not None else _in_tokens(statement)
    names = tuple(name[-1] for name in found)
    tables.look_up([*names, *(target.names[-1] for target in targets(statement.tokens))])
    return frozenset[Table]().union(*(tables.behind(name) for name in found)), names


def _query(parser: Parser, statement: Statement) -> Node | None:
    """The tree of the query inside of CREATE … AS and INSERT."""
    tokens = statement.tokens
    first = next(targets(tokens), None)
    if statement.type_name not in ("CREATE", "INSERT") or first is None:
        return None
    for token in tokens[first.positions.stop :]:
        if token.word in _OPENING and token.kind == "name":
            return parser.serialize(statement.text[token.start :].rstrip().rstrip(";"))
    return None


def _in_tree(tree: Node) -> list[tuple[str, ...]]:
    ctes = {str(entry["key"]).lower() for node in nodes(tree) for entry in (node.get("cte_map") or {}).get("map", [])}
    found = []
    for node in nodes(tree):
        if node.get("type") == "BASE_TABLE":
            parts = [str(node.get(part) or "") for part in ("catalog_name", "schema_name", "table_name")]
            names = tuple(part for part in parts if part)
            if len(names) > 1 or names[0].lower() not in ctes:
                found.append(names)
    return found


def _in_tokens(statement: Statement) -> list[tuple[str, ...]]:
    """More than are tables: what the lake has no table for is left out."""
    written = {target.positions.start for target in targets(statement.tokens)}
    found = [
        dotted_name(statement.tokens, position)[0]
        for position in source_positions(statement.tokens)
        if position not in written
    ]
    return [names for names in found if names]


def _file(statement: Statement) -> frozenset[Table]:
    words = [token.word for token in statement.tokens]
    file = statement.tokens[words.index("FROM") + 1]
    return frozenset({Table("", file.text.rsplit("/", 1)[-1], None, "file")})
