"""The gate's one question: may this principal run this text? The answer is the parsed statement, kept by text."""

import threading
from collections import OrderedDict
from pathlib import Path

from server.access.principal import Principal
from server.engine.cursor import LakeCursor
from server.errors import PermissionDenied
from server.gate import rules
from server.gate.changes import ChangeCheck
from server.gate.files import Folders
from server.gate.queries import QueryCheck
from server.sql.statements import Kind, Statement, parse
from server.sql.tree import Parser

KEPT_MAX = 1000  # texts
CHARS_KEPT_MAX = 500_000  # of all texts kept; tree and tokens of a text take about 150 bytes for each character
TEXT_KEPT_CHARS_MAX = 20_000  # longer texts are parsed again: they are rare and would fill the cache
BUILTIN_TABLE_FUNCTIONS = """SELECT DISTINCT function_name FROM duckdb_functions()
    WHERE function_type = 'table' OR (function_type = 'table_macro' AND database_name = 'system')"""
OUR_FUNCTIONS = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE database_name = 'memory'"


class Gate:
    def __init__(self, parser: Parser, cursor: LakeCursor, import_folder: Path, export_folder: Path) -> None:
        builtin = frozenset(str(row[0]) for row in cursor.rows(BUILTIN_TABLE_FUNCTIONS))
        folders = Folders(import_folder, export_folder)
        self._parser = parser
        self._queries = QueryCheck(builtin, folders)
        ours = frozenset(str(row[0]).lower() for row in cursor.rows(OUR_FUNCTIONS))
        self._changes = ChangeCheck(builtin, ours, folders)
        self._kept: OrderedDict[tuple[str, str], Statement] = OrderedDict()
        self._chars_kept = 0
        self._lock = threading.Lock()

    def admit(self, principal: Principal, text: str, schema: str) -> Statement:
        """Return the statement if the principal may run it. Raises SqlError or PermissionDenied."""
        self.check_role(principal)
        key = (schema, text)
        with self._lock:
            if statement := self._kept.get(key):
                self._kept.move_to_end(key)
                return statement
        statement = parse(self._parser, text)
        names_files = self._check(statement, schema)
        # A link may be put into a folder at any time, so files are looked at again with every use.
        if not names_files and len(text) <= TEXT_KEPT_CHARS_MAX:
            self._keep(key, statement)
        return statement

    def forget(self) -> None:
        """Drop what was kept of texts."""
        with self._lock:
            self._kept.clear()

    def check_role(self, principal: Principal) -> None:
        """Raise PermissionDenied if the principal may run no statement at all."""
        if not principal.is_admin:
            raise PermissionDenied(f"principal {principal.name} has no role that may run statements")

    def _keep(self, key: tuple[str, str], statement: Statement) -> None:
        with self._lock:
            if key not in self._kept:
                self._chars_kept += len(statement.text)
            self._kept[key] = statement
            while self._chars_kept > CHARS_KEPT_MAX or len(self._kept) > KEPT_MAX:
                _, oldest = self._kept.popitem(last=False)
                self._chars_kept -= len(oldest.text)

    def admit_ingest(self, principal: Principal, schema: str, table: str) -> None:
        """Raise PermissionDenied if the principal may not load rows into this table."""
        self.check_role(principal)
        rules.check_written((schema, table), schema)

    def _check(self, statement: Statement, schema: str) -> bool:
        if statement.kind in (Kind.CALL, Kind.SET, Kind.TRANSACTION):
            return False
        if statement.tree is not None:
            return self._queries.check(statement.tree)
        return self._changes.check(statement, schema)
