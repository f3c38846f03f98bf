"""DuckDB's own parse tree as JSON: the only parser whose word counts for queries.

`serialize` gives the tree, `deserialize` the SQL text that stands for it; `nodes` walks every object in it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import duckdb

from server.errors import SqlError

Node: TypeAlias = dict[str, Any]


class Parser:
    """A DuckDB of its own with nothing attached: parsing touches no data and waits for no statement."""

    def __init__(self) -> None:
        config: dict[str, Any] = {"threads": 1, "enable_external_access": False}
        self._connection = duckdb.connect(":memory:", config=config)
        # For types that hold an ENUM, which the older form of the tree lacks. It writes all types in another way.
        self._newer = duckdb.connect(":memory:", config=config | {"storage_compatibility_version": "latest"})
        for connection in (self._connection, self._newer):
            connection.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")

    def statements(self, sql: str) -> list[duckdb.Statement]:
        """DuckDB's statements in the text. Raises SqlError with DuckDB's message and position."""
        try:
            return list(self._connection.cursor().extract_statements(sql))
        except duckdb.Error as error:
            raise SqlError(str(error)) from None

    def serialize(self, sql: str) -> Node | None:
        """The tree of one query, or None when the JSON form lacks it (anything but SELECT, and PIVOT)."""
        tree = _serialized(self._connection, sql)
        if tree.get("error_type") == "serialization":
            tree = _serialized(self._newer, sql)
        return None if tree["error"] else tree

    def deserialize(self, tree: Node) -> str:
        with _nesting_bounded():
            text = json.dumps(tree)
        row = self._connection.cursor().execute("SELECT json_deserialize_sql(?::JSON)", [text]).fetchone()
        if row is None:
            raise SqlError("the statement has no text form")
        return str(row[0])


def _serialized(connection: duckdb.DuckDBPyConnection, sql: str) -> Node:
    row = connection.cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    with _nesting_bounded():
        tree: Node = json.loads(row[0]) if row else {"error": True}
    return tree


@contextmanager
def _nesting_bounded() -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise SqlError("the statement is nested too deeply") from None


def copied(tree: Node) -> Node:
    """A copy that can be changed; deeper and faster than copy.deepcopy."""
    with _nesting_bounded():
        copy: Node = json.loads(json.dumps(tree))
    return copy


def nodes(tree: Any) -> Iterator[Node]:
    """Every object of the tree, outer ones first."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def query_node(tree: Node) -> Node:
    node: Node = tree["statements"][0]["node"]
    return node


def constant(type_name: str, value: Any) -> Node:
    """A constant node of a type without parameters."""
    return {
        "class": "CONSTANT",
        "type": "VALUE_CONSTANT",
        "alias": "",
        "value": {"type": {"id": type_name, "type_info": None}, "is_null": value is None, "value": value},
    }


def planning_text(parser: Parser, tree: Node) -> str:
    """SQL that plans the query and computes nothing: the same query, limited to no rows. Changes tree in place."""
    node = query_node(tree)
    if (node.get("from_table") or {}).get("type") == "SHOW_REF":
        # DESCRIBE, SHOW and SUMMARIZE drop a limit of their own.
        return f"SELECT * FROM ({parser.deserialize(tree)}) LIMIT 0"
    node["modifiers"] = [m for m in node["modifiers"] if m["type"] not in ("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER")]
    node["modifiers"].append({"type": "LIMIT_MODIFIER", "limit": constant("INTEGER", 0), "offset": None})
    return parser.deserialize(tree)
