"""Whether a query needs the lake at all.

With the lake in the search path DuckDB asks DuckLake about every function, operator and macro that a statement names,
which costs more than a millisecond, and a round trip where the catalog is Postgres. A query that names no table and
only functions that are DuckDB's or ours runs on a cursor without the lake in its path.
"""

import threading
from collections import OrderedDict

from server.engine.engine import Engine
from server.sql.statements import Kind, Statement
from server.sql.tree import nodes

KEPT_MAX = 1000
TEXT_KEPT_CHARS_MAX = 20_000
# What these give depends on the search path.
ASKING = frozenset(
    """current_schema current_schemas current_database current_catalog in_search_path current_setting
    pragma_table_info pragma_show""".split()
)
MACROS = "SELECT macro_name FROM __ducklake_metadata_lakehouse.ducklake_macro WHERE end_snapshot IS NULL"
KNOWN = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name IN ('system', 'memory')"


class Placing:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = frozenset(str(row[0]).lower() for row in engine.read(lambda cursor: cursor.rows(KNOWN)))
        self._shadowing: tuple[int, frozenset[str]] = (-1, frozenset())
        self._functions: OrderedDict[str, frozenset[str] | None] = OrderedDict()
        self._lock = threading.Lock()

    def needs_lake(self, statement: Statement) -> bool:
        if statement.kind is not Kind.QUERY:
            return True
        if len(statement.text) > TEXT_KEPT_CHARS_MAX:
            functions = _functions(statement)
            return functions is None or not self.all_known(functions)
        with self._lock:
            if statement.text not in self._functions:
                self._functions[statement.text] = _functions(statement)
                while len(self._functions) > KEPT_MAX:
                    self._functions.popitem(last=False)
            functions = self._functions[statement.text]
        return functions is None or not self.all_known(functions)

    def forget(self) -> None:
        """Drop what was kept of texts."""
        with self._lock:
            self._functions.clear()

    def all_known(self, functions: frozenset[str]) -> bool:
        """Whether these functions are DuckDB's or ours, so that a cursor without the lake finds the right ones."""
        return functions <= self._known and functions.isdisjoint(self._lake_macros())

    def _lake_macros(self) -> frozenset[str]:
        """Macros that people made in the lake: one of them may have the name of a built-in function."""
        epoch = self._engine.schema_epoch
        if self._shadowing[0] != epoch:
            rows = self._engine.read(lambda cursor: cursor.rows(MACROS))
            self._shadowing = (epoch, frozenset(str(row[0]).lower() for row in rows))
        return self._shadowing[1]


def _functions(statement: Statement) -> frozenset[str] | None:
    """The functions that a query names; None if it names a table or something else of the lake."""
    names: set[str] = set()
    for node in nodes(statement.tree):
        if node.get("type") in ("BASE_TABLE", "SHOW_REF"):
            return None
        if node.get("class") == "FUNCTION":
            names.add(str(node["function_name"]).lower())
            if not names.isdisjoint(ASKING):
                return None
        elif node.get("id") in ("USER", "UNBOUND"):
            return None  # a type of the lake's own
    return frozenset(names)
