"""The surface of what sessions keep in memory: results that wait, temporary tables, texts of statements.

Taken while the lake is cleared of statements; see `sessions/clearing.py`.
"""

from collections.abc import Callable

import pyarrow as pa

from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.erasing.traces import Traces
from server.scanning.columns import scan_text_columns, scan_values
from server.scanning.texts import texts_in
from server.sessions.session import Session
from server.sql.quoting import identifier

METHOD = (
    "the temporary tables of every session, and its results that wait to be fetched, were read for the erased keys and "
    "values, and the texts of statements were dropped; the memory of the process is not looked at"
)
TABLES = "SELECT table_name FROM duckdb_tables() WHERE temporary AND database_name = 'temp' ORDER BY ALL"


class OpenSessions:
    """sessions: those that are open. end: ends one. forget: drops the texts of statements that the server keeps."""

    name = "sessions"

    def __init__(
        self,
        sessions: Callable[[], list[Session]],
        end: Callable[[Session], object],
        forget: Callable[[], None],
    ) -> None:
        self._sessions = sessions
        self._end = end
        self._forget = forget

    def erase(self, traces: Traces) -> int:
        """End the sessions whose temporary tables hold traces; how many."""
        self._forget()
        ended = 0
        for session in self._sessions():
            session.held.erase(lambda table: _shows(table, traces))
            if _look(session, traces)[1]:
                self._end(session)
                ended += 1
        return ended

    def scan(self, traces: Traces) -> Finding:
        looked = [_look(session, traces) for session in self._sessions()]
        tables, found = sum(count for count, _ in looked), sum(hits for _, hits in looked)
        return Finding(Verdict.FOUND if found else Verdict.CLEAN, METHOD, tables, "tables", found)


def _look(session: Session, traces: Traces) -> tuple[int, int]:
    """Temporary tables, and how many of them hold traces."""
    if not session.cursors.has_temporary:
        return 0, 0
    with session.cursors.home_alone() as cursor:
        if cursor is None:
            return 0, 0
        names = [str(row[0]) for row in cursor.rows(TABLES)]
        return len(names), sum(_holds(cursor, f"temp.main.{identifier(name)}", traces) for name in names)


def _shows(table: pa.Table, traces: Traces) -> bool:
    for name, column in zip(table.column_names, table.columns, strict=True):
        texts = (found for chunk in column.chunks for found in texts_in(chunk))
        if any(traces.needles.find(held, borders) for held, borders in texts):
            return True
        if name.lower() == traces.key_column.name.lower() and not set(traces.keys).isdisjoint(
            map(str, column.to_pylist())
        ):
            return True
    return False


def _holds(cursor: LakeCursor, table: str, traces: Traces) -> bool:
    if scan_text_columns(cursor, table, traces.needles).hits:
        return True
    key = traces.key_column.name.lower()
    columns = [str(row[0]) for row in cursor.rows(f"SELECT column_name FROM (DESCRIBE {table})")]
    same = next((name for name in columns if name.lower() == key), None)
    return same is not None and bool(scan_values(cursor, table, same, traces.keys))
