"""The arguments of CALL name(a := 1, b := ['x']) as Python values, read from DuckDB's tree. Literals only."""

from decimal import Decimal
from typing import Any

from server.errors import InvalidArgument, SqlError
from server.sql.tree import Node, query_node


def call_name(tree: Node) -> str:
    """The operation of the tree of `SELECT * FROM name(arguments)`. Raises SqlError if it is anything else."""
    return str(_call(tree)["function_name"])


def call_arguments(tree: Node, bound: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name. bound: parameter → value. Raises InvalidArgument for one that is no literal."""
    function = _call(tree)
    arguments: dict[str, Any] = {}
    for child in function["children"]:
        name, value_node = _named(child)
        if not name:
            raise InvalidArgument(f"arguments of {function['function_name']} are named: argument := value")
        if name in arguments:
            raise InvalidArgument(f"argument {name} is given twice")
        arguments[name] = _value(value_node, name, bound)
    return arguments


def _call(tree: Node) -> Node:
    node = query_node(tree)
    source = node.get("from_table") or {}
    plain = len(tree["statements"]) == 1 and node["type"] == "SELECT_NODE" and not node["modifiers"]
    plain = plain and not node["where_clause"] and not source.get("column_name_alias") and not source.get("alias")
    if not plain or source.get("type") != "TABLE_FUNCTION":
        raise SqlError("Parser Error: CALL takes a name and its arguments: CALL name(argument := value)")
    function: Node = source["function"]
    return function


def _named(child: Node) -> tuple[str, Node]:
    """`a := 1` is an alias in the tree, `a = 1` a comparison with a column: DuckDB takes both."""
    if child.get("alias"):
        return str(child["alias"]), child
    if child.get("type") == "COMPARE_EQUAL" and child["left"].get("class") == "COLUMN_REF":
        return str(child["left"]["column_names"][-1]), child["right"]
    return "", child


def _value(node: Node, argument: str, bound: dict[str, Any]) -> Any:
    match node.get("class"):
        case "CONSTANT":
            return _constant(node["value"])
        case "PARAMETER":
            return bound[str(node["identifier"])]
        case "CAST":
            return _cast(_value(node["child"], argument, bound), str(node["cast_type"]["id"]))
        case "FUNCTION" if node["function_name"] in ("list_value", "row", "struct_pack"):
            children = node["children"]
            if node["function_name"] == "list_value":
                return [_value(child, argument, bound) for child in children]
            return {child["alias"]: _value(child, argument, bound) for child in children}
        case "OPERATOR" if node.get("type") == "ARRAY_CONSTRUCTOR":
            return [_value(child, argument, bound) for child in node["children"]]
        case "FUNCTION" if node["function_name"] == "-" and len(node["children"]) == 1:
            return -_value(node["children"][0], argument, bound)
    raise InvalidArgument(f"argument {argument} must be a literal, a list, a struct or a bound parameter")


def _constant(value: Node) -> Any:
    if value["is_null"]:
        return None
    kind = value["type"]["id"]
    if kind == "DECIMAL":
        return float(Decimal(value["value"]).scaleb(-int(value["type"]["type_info"]["scale"])))
    return value["value"]


def _cast(value: Any, type_name: str) -> Any:
    if type_name == "BOOLEAN" and isinstance(value, str):
        return value.lower() in ("t", "true", "1", "yes")
    return value
