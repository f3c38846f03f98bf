"""The surface of the control tables: what the server writes about itself, in schema catalog."""

import pyarrow as pa

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.certificates.finding import Finding, Verdict
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.erasing.rewriting import rewrite
from server.erasing.surfaces.profiles import TABLE as PROFILES
from server.erasing.surfaces.profiles import forget_profiles
from server.erasing.traces import Traces
from server.scanning.columns import scan_text_columns
from server.sql.quoting import identifier, qualified

SQL = named_queries("queries/erasing.sql")
METHOD = "every text in every control table was read as it was right after the erasure"
# Texts that the server wrote about a failure, which may repeat a value: nobody needs them to the letter.
MESSAGES = (("job_events", "message"), ("schedule_run_events", "message"))
ALWAYS = "tombstone_events"  # its keys were taken out in the commit of the erasure
MARKED = "lakehouse_marked_messages"


class ControlTables:
    name = "control tables"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, traces: Traces) -> int:
        """Blank messages that repeat a trace, delete profiles that may, and take old versions of rows out of the files;
        how many messages and columns of profiles."""
        cursor = self._engine.cursor(SERVER)
        try:
            blanked = {table: self._blank(cursor, traces, table, column) for table, column in MESSAGES}
            forgotten = sum(forget_profiles(cursor, each) for each in traces.everywhere)
            for table in (ALWAYS, PROFILES, *(table for table, count in blanked.items() if count)):
                rewrite(self._engine, cursor, Dataset("catalog", table, "table"))
            return sum(blanked.values()) + forgotten
        finally:
            cursor.close()

    def scan(self, traces: Traces) -> Finding:
        def look(cursor: LakeCursor) -> Finding:
            rows, found, told = 0, set[int](), list[str]()
            for (name,) in cursor.rows(SQL["control_tables"]):
                relation = f"{_table(str(name))} AT (VERSION => {traces.snapshot})"
                scanned = scan_text_columns(cursor, relation, traces.needles)
                rows, found = rows + scanned.rows, found | scanned.hits
                told += [f"{name}.{column}" for column in scanned.columns]
            detail = f"in {', '.join(told)}" if told else ""
            return Finding(Verdict.FOUND if found else Verdict.CLEAN, METHOD, rows, "rows", len(found), detail)

        return self._engine.read(look)

    def _blank(self, cursor: LakeCursor, traces: Traces, table: str, column: str) -> int:
        text = f"SELECT DISTINCT {identifier(column)} FROM {_table(table)} WHERE {identifier(column)} IS NOT NULL"
        marked = [str(value) for (value,) in cursor.rows(text) if traces.needles.find(str(value).encode())]
        if not marked:
            return 0
        update = SQL["blank"].format(table=_table(table), column=identifier(column), marked=MARKED)

        def work(cursor: LakeCursor) -> int:
            cursor.register(MARKED, pa.table({"text": pa.array(marked, pa.string())}))
            try:
                return int(cursor.rows(update)[0][0])
            finally:
                cursor.unregister(MARKED)

        return commit_on(cursor, SERVER, f"erasure in catalog.{table}", work)


def _table(name: str) -> str:
    return qualified("lakehouse", "catalog", name)
