"""A query as it reads copies in memory: DuckDB's own tree of it, with other tables in place of the pinned ones.

What is not understood for certain is not routed, and reads the lake.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from server.cache.pin import SCHEMA, Pin, key_of
from server.engine.location import LAKE
from server.sql.column_names import may_change
from server.sql.statements import Kind, Statement
from server.sql.tree import Node, Parser, copied, nodes

KEPT_MAX = 1000
TEXT_KEPT_CHARS_MAX = 20_000
# Not part of a table's rows, or told only by the lake.
_VIRTUAL = frozenset({"rowid", "snapshot_id", "filename", "file_row_number", "file_index"})
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
# In a two-part name the first part may be a catalog: these are there, whatever schemas there are.
_CATALOGS = frozenset({LAKE, "memory", "system", "temp"})


@dataclass(frozen=True)
class Route:
    """statement: reads the views of `pins`. functions: it calls, in lower case. schema: of unqualified names."""

    statement: Statement
    pins: tuple[Pin, ...]
    functions: frozenset[str]
    schema: str


class Routes:
    """Routes over one set of pins. Kept by text, since to read a tree takes longer than to run a small query."""

    def __init__(self, parser: Parser, pins: Mapping[str, Pin]) -> None:
        self._parser = parser
        self._pins = pins
        self._kept: OrderedDict[tuple[str, str], Route | None] = OrderedDict()
        self._lock = threading.Lock()

    def over(self, pins: Mapping[str, Pin]) -> "Routes":
        """For another set of pins."""
        return Routes(self._parser, pins)

    def find(self, statement: Statement, schema: str) -> Route | None:
        key = (statement.text, schema)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = route(self._parser, statement, schema, self._pins)
        if len(statement.text) <= TEXT_KEPT_CHARS_MAX:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
        return found


def route(parser: Parser, statement: Statement, schema: str, pins: Mapping[str, Pin]) -> Route | None:
    """None for a query that names no table, another than pinned ones, or something that only the lake can answer.

    pins: by key. schema: what unqualified names mean.
    """
    if statement.kind is not Kind.QUERY or statement.tree is None:
        return None
    defined = frozenset(_defined(statement.tree))
    tree = copied(statement.tree)
    functions, used = set[str](), dict[str, Pin]()
    for node in nodes(tree):
        if not _understood(node):
            return None
        if node.get("type") == "BASE_TABLE":
            name = _Name.of(node)
            if name.table in defined and not name.schema:
                if key_of(schema, name.table) in pins:
                    return None  # which of the two it means depends on where it stands
                continue
            pin = pins.get(name.key(schema) or "")
            if pin is None:
                return None
            used[pin.key] = pin
            _replace(node, pin)
        elif node.get("class") in ("FUNCTION", "WINDOW"):
            functions.add(str(node["function_name"]).lower())
    if not used or _qualifies(tree, used.values()) or _names_a_column(tree) or may_change(tree):
        return None
    text = parser.deserialize(tree)
    return Route(replace(statement, text=text, tree=tree), tuple(used.values()), frozenset(functions), schema)


@dataclass(frozen=True)
class _Name:
    """A table's name as a query has it, in lower case; '' for what is not given."""

    catalog: str
    schema: str
    table: str

    @classmethod
    def of(cls, node: Node) -> "_Name":
        return cls(*(str(node.get(part) or "").lower() for part in _PARTS))

    def key(self, default: str) -> str | None:
        """Of the lake's table that it means; None if it may mean something else."""
        if self.catalog:
            return key_of(self.schema, self.table) if self.catalog == LAKE and self.schema else None
        if self.schema in _CATALOGS:
            return None
        return key_of(self.schema or default, self.table)


_PARTS = ("catalog_name", "schema_name", "table_name")


def _defined(tree: Node) -> Iterator[str]:
    """Names that WITH gives to queries."""
    for node in nodes(tree):
        for entry in (node.get("cte_map") or {}).get("map", ()):
            yield str(entry["key"]).lower()
        if node.get("cte_name"):
            yield str(node["cte_name"]).lower()


def _understood(node: Node) -> bool:
    kind = node.get("type")
    if kind == "SHOW_REF" or node.get("ref_type") == "POSITIONAL" or node.get("sample") or node.get("at_clause"):
        return False
    if kind == "TABLE_FUNCTION":
        return str(node["function"]["function_name"]).lower() in _TABLE_FUNCTIONS
    if node.get("class") == "COLUMN_REF":
        return str(node["column_names"][-1]).lower() not in _VIRTUAL
    return node.get("id") not in ("USER", "UNBOUND")  # a type of the lake's own


def _replace(node: Node, pin: Pin) -> None:
    node["alias"] = node.get("alias") or node["table_name"]
    node |= {"catalog_name": "memory", "schema_name": SCHEMA, "table_name": pin.view_name}


def _names_a_column(tree: Node) -> bool:
    """Whether a column's name is the text of an expression in which a table stands: the copy's would show in it."""
    items = (item for node in nodes(tree) for item in node.get("select_list") or () if not item.get("alias"))
    return any(inner.get("type") == "BASE_TABLE" for item in items for inner in nodes(item))


def _qualifies(tree: Node, pins: Iterable[Pin]) -> bool:
    """Whether a column is named with its table's schema, which the copy's is not."""
    places = {LAKE, *(pin.schema.lower() for pin in pins)}
    return any(
        len(node["column_names"]) > 2 and str(node["column_names"][0]).lower() in places
        for node in nodes(tree)
        if node.get("class") == "COLUMN_REF"
    )
