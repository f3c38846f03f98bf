"""Check a query on DuckDB's tree: every table, function and file it names."""

from typing import Any

from server.errors import PermissionDenied
from server.gate import rules
from server.gate.files import Folders, looks_like_file, unnamed_reader
from server.sql.tree import Node, nodes


class QueryCheck:
    """builtin_table_functions: DuckDB's own, so that a new one is refused until it is named in the rules."""

    def __init__(self, builtin_table_functions: frozenset[str], folders: Folders) -> None:
        self._builtin = builtin_table_functions
        self._folders = folders

    def check(self, tree: Node) -> bool:
        """Raise PermissionDenied naming what is closed. True if files are named: then the answer holds for now only."""
        names_files = False
        for node in nodes(tree):
            if node.get("type") in ("BASE_TABLE", "SHOW_REF"):
                self._table(node)
            elif node.get("type") == "TABLE_FUNCTION":
                names_files |= self._table_function(node["function"])
            elif node.get("class") in ("FUNCTION", "WINDOW"):
                names_files |= self._function(node)
        return names_files

    def _table(self, node: Node) -> None:
        names = [str(node.get(part) or "") for part in ("catalog_name", "schema_name", "table_name")]
        rules.check_table(*(name.strip('"') for name in names))
        full = ".".join(name for name in names if name)
        if looks_like_file(full):
            raise unnamed_reader(full)

    def _table_function(self, function: Node) -> bool:
        name = str(function["function_name"]).lower()
        if name in self._builtin and name not in rules.TABLE_FUNCTIONS | rules.FILE_FUNCTIONS:
            raise PermissionDenied(f"table function {name} is closed")
        if name in rules.CHANGE_FUNCTIONS:
            tables = _strings(function["children"][0]) if function["children"] else []
            if len(tables) != 1:
                raise PermissionDenied(f"{name} takes the name of a table as a plain string")
            rules.check_table(str(function.get("catalog") or ""), str(function.get("schema") or ""), tables[0])
        return self._function(function)

    def _function(self, node: Node) -> bool:
        name = str(node["function_name"]).lower()
        rules.check_function(name)
        if name not in rules.FILE_FUNCTIONS:
            return False
        for path in _paths(name, node["children"]):
            self._folders.check(path)
        return True


def _paths(name: str, arguments: list[Any]) -> list[str]:
    """The files that a reader is given: plain strings, so that what is checked is what is opened."""
    given = [a for a in arguments if not a.get("alias") and a.get("type") != "COMPARE_EQUAL"]
    paths = _strings(given[0]) if len(given) == 1 else []
    if not paths:
        raise PermissionDenied(f"{name} takes file names as plain strings")
    return paths


def _strings(node: Node) -> list[str]:
    """The plain string or strings; none if anything else is among them."""
    if node.get("class") == "CONSTANT":
        is_text = node["value"]["type"]["id"] == "VARCHAR" and not node["value"]["is_null"]
        return [str(node["value"]["value"])] if is_text else []
    if node.get("function_name") != "list_value" and node.get("type") != "ARRAY_CONSTRUCTOR":
        return []
    found = [_strings(child) for child in node.get("children") or []]
    return [path for paths in found for path in paths] if all(found) else []
