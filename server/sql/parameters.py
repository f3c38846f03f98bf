"""Parameters of a prepared statement: their types before a value is bound, and typed values for DuckDB.

DuckDB's Python client can't describe a statement that has parameters, so typed NULLs take their places in the tree and
the result is described with those. A type comes from a cast around the parameter or from what it is compared with.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from server.errors import InvalidArgument
from server.sql.quoting import literal
from server.sql.tree import Node, Parser, copied, nodes, query_node

UNKNOWN = "NULL"
_NULL = "CAST(NULL AS {name})"
_UNFOLDED = "CASE WHEN system.main.random() > 2 THEN CAST(NULL AS {name}) END"  # not known before it runs
_PLAIN = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
)
COUNT = {"LIMIT_MODIFIER": ("limit", "offset")}


def with_nulls(parser: Parser, tree: Node, types: dict[str, str]) -> Node:
    """A copy of the tree in which each parameter is a NULL of its DuckDB type, and unnamed columns keep their names."""
    tree = copied(tree)
    for item in query_node(tree).get("select_list", []):
        if not item.get("alias") and any(n.get("class") == "PARAMETER" for n in nodes(item)):
            item["alias"] = _column_name(parser, item)
    joined = {id(node) for node in _joined(tree)}
    for node in list(nodes(tree)):
        if node.get("class") == "PARAMETER":
            form = _UNFOLDED if id(node) in joined else _NULL
            replacement = null_of(parser, types.get(str(node["identifier"]), UNKNOWN), form)
            alias = node.get("alias", "")
            node.clear()
            node.update(replacement)
            node["alias"] = alias
    tree["statements"][0]["named_param_map"] = []
    return tree


def _joined(tree: Node) -> Iterator[Node]:
    """The parameters in what `||` joins, queries in it aside. It has type INTEGER for DuckDB if a constant NULL is in
    it, whatever type that has."""
    pending: list[tuple[Any, bool]] = [(tree, False)]
    while pending:
        item, inside = pending.pop()
        if isinstance(item, list):
            pending += [(each, inside) for each in item]
        elif isinstance(item, dict):
            if inside and item.get("class") == "PARAMETER":
                yield item
            inside = (inside or item.get("function_name") == "||") and item.get("class") != "SUBQUERY"
            pending += [(each, inside) for each in item.values()]


def null_of(parser: Parser, type_name: str, form: str = _NULL) -> Node:
    # A bare NULL before brackets would be no text that DuckDB reads.
    name = '"NULL"' if type_name == UNKNOWN else type_name
    tree = parser.serialize(f"SELECT {form.format(name=name)}")
    if tree is None:
        raise InvalidArgument(f"parameter type {type_name} is not known")
    node: Node = query_node(tree)["select_list"][0]
    return node


Describe = Callable[[Node, dict[str, str]], list[str] | None]


def guess_types(tree: Node, describe: Describe) -> dict[str, str]:
    """Parameter → DuckDB type name, UNKNOWN where the text does not tell.

    describe: gives the column types of a query tree whose parameters have these types as far as they are known, or None
    when it can't be planned on its own.
    """
    types: dict[str, str] = {}
    for node in nodes(tree):
        if node.get("class") == "CAST" and _is_parameter(node["child"]):
            types[str(node["child"]["identifier"])] = _type_text(node["cast_type"])
    for node in nodes(tree):
        if node.get("type") == "SELECT_NODE":
            _guess_in_select(tree, node, describe, types)
        for key in COUNT.get(str(node.get("type")), ()):
            _note(types, node.get(key), "BIGINT")
    for node in nodes(tree):
        if node.get("class") == "PARAMETER":
            types.setdefault(str(node["identifier"]), UNKNOWN)
    return types


def _guess_in_select(tree: Node, select: Node, describe: Describe, types: dict[str, str]) -> None:
    pairs: list[tuple[Node, Node]] = []
    for node in nodes({k: v for k, v in select.items() if k != "from_table"}):
        pairs += [(p, other) for p, other in _compared(node) if str(p["identifier"]) not in types]
    pairs = [(p, other) for p, other in pairs if not any(n.get("class") == "PARAMETER" for n in nodes(other))]
    if not pairs:
        return
    probe = copied(tree)
    root = query_node(probe)
    alone = copied(select)
    alone |= {"select_list": [copied(o) for _, o in pairs], "where_clause": None, "having": None}
    alone |= {"qualify": None, "group_expressions": [], "group_sets": [], "modifiers": []}
    if select is not query_node(tree):
        alone["cte_map"] = {"map": [*root["cte_map"]["map"], *alone["cte_map"]["map"]]}
    probe["statements"][0] |= {"node": alone, "named_param_map": []}
    for (parameter, _), type_name in zip(pairs, describe(probe, types) or [], strict=False):
        types.setdefault(str(parameter["identifier"]), type_name)


def _compared(node: Node) -> list[tuple[Node, Node]]:
    """(parameter, what it meets) in comparisons, BETWEEN, IN, LIKE and arithmetic."""
    match node.get("class"):
        case "COMPARISON":
            sides = [node["left"], node["right"]]
        case "BETWEEN":
            sides = [node["input"], node["lower"], node["upper"]]
        case "OPERATOR" if str(node.get("type")).startswith("COMPARE_"):
            sides = node["children"]
        case "FUNCTION" if node.get("is_operator"):
            sides = node["children"]
        case _:
            return []
    others = [s for s in sides if not _is_parameter(s)]
    return [(s, others[0]) for s in sides if _is_parameter(s)] if others else []


def _is_parameter(node: Any) -> bool:
    return isinstance(node, dict) and node.get("class") == "PARAMETER"


def _note(types: dict[str, str], node: Any, type_name: str) -> None:
    if _is_parameter(node):
        types.setdefault(str(node["identifier"]), type_name)


def _type_text(cast_type: Node) -> str:
    info = cast_type.get("type_info") or {}
    match cast_type["id"]:
        case "DECIMAL":
            return f"DECIMAL({info['width']},{info['scale']})"
        case "LIST":
            return f"{_type_text(info['child_type'])}[]"
        case "ARRAY":
            return f"{_type_text(info['child_type'])}[{info['size']}]"
        case "UNBOUND" if info.get("name") == "JSON":
            return "JSON"
        case "STRUCT" | "MAP" | "UNION" | "ENUM" | "USER" | "UNBOUND":
            return UNKNOWN
        case name:
            return str(name)


def _column_name(parser: Parser, item: Node) -> str:
    """The name DuckDB gives to an unnamed column: its text."""
    tree = parser.serialize("SELECT 1")
    if tree is None:
        raise AssertionError("a constant query has a tree")
    query_node(tree)["select_list"] = [item]
    return parser.deserialize(tree).removeprefix("SELECT ")


class ValueTypes:
    """Arrow types and values as DuckDB's, asked of DuckDB itself."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")
        self._known: dict[pa.DataType, str] = {}

    def name(self, arrow: pa.DataType) -> str:
        """The DuckDB type. Raises InvalidArgument for an Arrow type that DuckDB lacks."""
        if pa.types.is_null(arrow):
            return UNKNOWN
        if arrow not in self._known:
            empty = pa.table({"v": pa.array([], arrow)})
            try:
                self._known[arrow] = str(self._connection.cursor().from_arrow(empty).types[0])
            except duckdb.Error:
                raise InvalidArgument(
                    f"a value of Arrow type {arrow} can't be bound: DuckDB has no such type"
                ) from None
        return self._known[arrow]

    def cast(self, texts: Any, type_name: str, time_zone: str) -> Any:
        """A column of texts as values of a DuckDB type, times without a zone being in this one. Raises InvalidArgument
        for a text that is no such value."""
        try:
            cursor = self._connection.cursor()
            cursor.execute(f"SET TimeZone = {literal(time_zone)}")
            found = cursor.from_arrow(pa.table({"v": texts})).project(f"v::{type_name} AS v")
            return found.to_arrow_table().column(0)
        except duckdb.Error as error:
            raise InvalidArgument(str(error)) from None

    def values(self, row: pa.RecordBatch) -> list[Any]:
        """Typed values of a one-row batch, in column order."""
        return [self._value(column) for column in row.columns]

    def _value(self, column: Any) -> Any:
        if not column[0].is_valid:
            return None
        if any(is_plain(column.type) for is_plain in _PLAIN):
            value = column[0].as_py()
            return duckdb.Value("nan" if value != value else value, self.name(column.type))
        if (numbers := _floats(column)) is not None:
            return duckdb.Value(numbers, self.name(column.type))
        # DuckDB's client loses the types of nested Python values, knows few kinds of time and takes NaN for NULL; what
        # DuckDB writes as text it reads back as the same value.
        name = self.name(column.type)
        found = self._connection.cursor().from_arrow(pa.table({"v": column})).project("v::VARCHAR").fetchone()
        return duckdb.Value(found[0] if found else None, name)


def _floats(column: Any) -> list[float] | None:
    """The numbers of a vector, which is bound often; None for other values, and for one with NULL, NaN or nothing."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)) or not pa.types.is_floating(kind.value_type):
        return None
    numbers = column.flatten()
    if len(numbers) == 0 or numbers.null_count:
        return None
    found: list[float] = numbers.to_numpy().tolist()
    return None if any(number != number for number in found) else found


def named(parameters: Sequence[str], values: Sequence[Any]) -> dict[str, Any] | list[Any]:
    """Values as DuckDB wants them: a list for $1, $2 and ?, a mapping for $name. Raises on a wrong count."""
    if len(parameters) != len(values):
        raise InvalidArgument(f"the statement has {len(parameters)} parameters, {len(values)} values were bound")
    if all(name.isdigit() for name in parameters):
        return list(values)
    return dict(zip(parameters, values, strict=True))
