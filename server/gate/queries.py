"""Check a query on DuckDB's tree: every table, function and file it names."""

from pathlib import Path
from typing import Any

from server.errors import PermissionDenied
from server.gate import rules
from server.sql.tree import Node, nodes

FILE_ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".db", ".duckdb", ".ducklake", ".gz", ".zst")


class QueryCheck:
    """builtin_table_functions: DuckDB's own, so that a new one is refused until it is named in the rules."""

    def __init__(self, builtin_table_functions: frozenset[str], folders: tuple[Path, ...]) -> None:
        self._builtin = builtin_table_functions
        self._folders = folders

    def check(self, tree: Node) -> None:
        """Raise PermissionDenied naming what is closed."""
        for node in nodes(tree):
            kind = node.get("type")
            if kind == "BASE_TABLE":
                self._table(node)
            elif kind == "TABLE_FUNCTION":
                self._table_function(node["function"])
            elif kind == "SHOW_REF":
                rules.check_table("", "", str(node.get("table_name") or "").replace('"', ""), write=False)
            elif node.get("class") == "FUNCTION":
                self._function(node)

    def _table(self, node: Node) -> None:
        rules.check_table(node["catalog_name"], node["schema_name"], node["table_name"], write=False)
        if looks_like_file(node["table_name"]):
            raise PermissionDenied(
                f"to read file {node['table_name']!r}, name a reader: read_csv, read_json, read_parquet"
            )

    def _table_function(self, function: Node) -> None:
        name = str(function["function_name"]).lower()
        rules.check_function(name)
        if name in rules.FILE_FUNCTIONS:
            self._files(name, function["children"])
        elif name in self._builtin and name not in rules.TABLE_FUNCTIONS:
            raise PermissionDenied(f"table function {name} is closed")

    def _function(self, node: Node) -> None:
        name = str(node["function_name"]).lower()
        rules.check_function(name)
        if name in rules.FILE_FUNCTIONS:
            self._files(name, node["children"])

    def _files(self, name: str, arguments: list[Any]) -> None:
        """File arguments must be plain strings, so that what is checked is what is opened."""
        paths = _strings(arguments[0]) if arguments else []
        if not paths:
            raise PermissionDenied(f"{name} takes file names as plain strings")
        for path in paths:
            rules.check_path(path, self._folders)


def looks_like_file(name: str) -> bool:
    return "/" in name or "\\" in name or "*" in name or name.lower().endswith(FILE_ENDINGS)


def _strings(node: Node) -> list[str]:
    if node.get("class") == "CONSTANT" and node["value"]["type"]["id"] == "VARCHAR" and not node["value"]["is_null"]:
        return [str(node["value"]["value"])]
    children = node.get("children") or []
    is_list = node.get("function_name") == "list_value" or node.get("type") == "ARRAY_CONSTRUCTOR"
    if not is_list or not all(c.get("class") == "CONSTANT" for c in children):
        return []
    return [path for child in children for path in _strings(child)]
