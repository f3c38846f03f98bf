"""Repairs of a table in DuckLake's own metadata, which has no function for them: one snapshot, made as DuckLake makes
its own, under the caller's name. Files are never removed, and no commit of another server is lost: two snapshots of
one number can't be.
"""

from collections.abc import Sequence

from server.catalog.datasets import Dataset
from server.engine.boot import METADATA
from server.engine.commits import nobody_else
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import Conflict
from server.resync.checking import Bound, Checked
from server.resync.table_files import SQL, TableFile


def repair(engine: Engine, actor: str, dataset: Dataset, checked: Checked) -> None:
    """Take lost files out of the catalog, as if all their rows had been deleted, and set bounds to those of the files
    that are left. The caller holds the table.

    Raises Conflict if another server has changed those files since they were looked at.
    """
    cursor = engine.cursor(actor)
    try:
        with nobody_else(cursor):
            cursor.execute("BEGIN")
            try:
                _repair(cursor, actor, dataset, checked)
                cursor.execute("COMMIT")
            except BaseException:
                cursor.roll_back()
                raise
    finally:
        cursor.close()


def _repair(cursor: LakeCursor, actor: str, dataset: Dataset, checked: Checked) -> None:
    newest = int(cursor.rows(_sql("newest"))[0][0])
    changes = f"deleted_from_table:{checked.table_id}" if checked.lost else ""
    cursor.execute(_sql("snapshot"), {"newest": newest})
    message = f"resync of {dataset.name}"
    cursor.execute(_sql("changes"), {"newest": newest, "changes": changes, "author": actor, "message": message})
    if checked.lost:
        _end(cursor, dataset, checked.lost, newest)
    for bound in checked.bounds:
        _set(cursor, checked, bound)


def _end(cursor: LakeCursor, dataset: Dataset, lost: Sequence[TableFile], newest: int) -> None:
    ids = ", ".join(str(file.data_file_id) for file in lost)
    if int(cursor.rows(_sql("still_live", ids))[0][0]) != len(lost):
        raise Conflict(f"files of {dataset.name} were changed meanwhile")
    cursor.execute(_sql("end_files", ids), {"newest": newest})


def _set(cursor: LakeCursor, checked: Checked, bound: Bound) -> None:
    values = {"least": bound.least, "greatest": bound.greatest, "table": checked.table_id, "column": bound.column_id}
    cursor.execute(_sql("set_bounds"), values)


def _sql(name: str, ids: str = "") -> str:
    return SQL[name].format(schema=METADATA, ids=ids)
