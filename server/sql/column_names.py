"""Names that columns have from their expressions, where DuckDB's text of its own tree would give them others."""

from server.sql.tree import Node, nodes

_INTERVALS = frozenset(
    f"to_{unit}"
    for unit in """millennia centuries decades years quarters months weeks days hours minutes seconds milliseconds
    microseconds""".split()
)


def may_change(tree: Node | None) -> bool:
    """Whether a column without an alias may have another name once the query is written anew from its tree.

    A lambda comes back in its older form, `x -> …`, and a list comprehension is one. `INTERVAL (n) DAY` is a function
    over casts, which DuckDB names in one way when it wrote them itself and in another when it read them.
    """
    items = (item for node in nodes(tree) for item in node.get("select_list") or () if not item.get("alias"))
    return any(_may_change(inner) for item in items for inner in nodes(item))


def _may_change(node: Node) -> bool:
    return node.get("class") == "LAMBDA" or str(node.get("function_name", "")).lower() in _INTERVALS
