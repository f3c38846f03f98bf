"""Takes deleted rows out of a table's live files, verified before the commit as a compaction's rewrite is."""

from server.catalog.datasets import Dataset
from server.compaction.files import SQL, listed, remove, table_of
from server.compaction.verifying import verify
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Conflict, OutcomeUnknown


def rewrite(engine: Engine, cursor: LakeCursor, table: Dataset) -> int:
    """Replace every live file that has deleted rows; how many. table: in any schema, control schemas included.

    One transaction, not tried again: who calls it keeps other writers of the table away. Old files stay until their
    snapshots expire. Raises NotFound, Conflict, CompactionFailed; then the table is as it was.
    """
    before = listed(cursor, table_of(cursor, engine.location, table))
    own = set[str]()  # once it is sure which files are: never one of another server's

    def work(cursor: LakeCursor) -> int:
        there = table_of(cursor, engine.location, table)
        done = cursor.rows(SQL["rewrite"], [table.table, table.schema])
        replaced, created = (sum(int(row[position]) for row in done) for position in (2, 3))
        written = listed(cursor, there) - before
        if len(written) != created:
            raise Conflict(f"another server writes files of {table.schema}.{table.table}")
        own.update(written)
        if replaced:
            verify(cursor, there, written, replaced)
        return replaced

    try:
        return commit_on(cursor, SERVER, f"rewrite files of {table.schema}.{table.table}", work, tries=1)
    except OutcomeUnknown:
        raise  # they may be the table's
    except BaseException:
        remove(table_of(cursor, engine.location, table), own)
        raise
