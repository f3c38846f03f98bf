"""The gate's one question: may this principal run this text? The answer is the parsed statement, kept by text."""

import threading
from collections import OrderedDict
from pathlib import Path

from server.access.principal import Principal
from server.engine.cursor import LakeCursor
from server.errors import PermissionDenied
from server.gate import rules
from server.gate.changes import ChangeCheck
from server.gate.queries import QueryCheck
from server.sql.statements import Kind, Statement, parse
from server.sql.tree import Parser

STATEMENTS_KEPT_MAX = 2000
TEXT_KEPT_CHARS_MAX = 20_000  # longer texts are parsed again: they are rare and would fill the cache


class Gate:
    def __init__(self, parser: Parser, cursor: LakeCursor, import_folder: Path, export_folder: Path) -> None:
        rows = cursor.rows("SELECT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'pragma')")
        builtin = frozenset(str(row[0]) for row in rows)
        folders = (import_folder, export_folder)
        self._parser = parser
        self._queries = QueryCheck(builtin, folders)
        self._changes = ChangeCheck(builtin, folders)
        self._kept: OrderedDict[tuple[str, str], Statement] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, principal: Principal, text: str, schema: str) -> Statement:
        """Return the statement if the principal may run it. Raises SqlError or PermissionDenied."""
        _check_role(principal)
        key = (schema, text)
        with self._lock:
            if statement := self._kept.get(key):
                self._kept.move_to_end(key)
                return statement
        statement = parse(self._parser, text)
        if statement.tree is not None and statement.kind is not Kind.CALL:
            self._queries.check(statement.tree)
        elif statement.kind not in (Kind.CALL, Kind.SET):
            self._changes.check(statement, schema)
        if len(text) <= TEXT_KEPT_CHARS_MAX:
            with self._lock:
                self._kept[key] = statement
                while len(self._kept) > STATEMENTS_KEPT_MAX:
                    self._kept.popitem(last=False)
        return statement

    def admit_ingest(self, principal: Principal, schema: str, table: str) -> None:
        """Raise PermissionDenied if the principal may not load rows into this table."""
        _check_role(principal)
        rules.check_table("", schema, table, write=True)


def _check_role(principal: Principal) -> None:
    if not principal.is_admin:
        raise PermissionDenied(f"principal {principal.name} has no role that may run statements")
