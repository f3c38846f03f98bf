"""Profiles of columns, of the surface of the control tables: they hold values of rows, and can be made again."""

import pyarrow as pa

from catalog_sql import named_queries
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER
from server.erasing.traces import Traces

SQL = named_queries("queries/erasing.sql")
TABLE = "column_profile_events"
MARKED = "lakehouse_marked_profiles"


def forget_profiles(cursor: LakeCursor, traces: Traces) -> int:
    """Delete all profiles of the dataset, and those of other datasets' columns that repeat a trace; how many rows. The
    caller takes them out of the files."""
    schema, _, table = traces.dataset.rpartition(".")
    own = [int(number) for (number,) in cursor.rows(SQL["own_tables"], [schema or "main", table, traces.dataset])]
    of_it = {"own": own, "dataset": traces.dataset}
    marked = [
        str(profile)
        for profile, texts in cursor.rows(SQL["profile_texts"], of_it)
        if traces.needles.find(str(texts).encode())
    ]

    def work(cursor: LakeCursor) -> int:
        cursor.register(MARKED, pa.table({"profile": pa.array(marked, pa.string())}))
        try:
            return int(cursor.rows(SQL["forget_profiles"], of_it)[0][0])
        finally:
            cursor.unregister(MARKED)

    return commit_on(cursor, SERVER, f"erasure in catalog.{TABLE}", work)
