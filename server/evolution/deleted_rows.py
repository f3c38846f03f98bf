"""Rows that tombstones took away lie in a table of their own: a column that gets another name gets it there too, or its
values would not come back with the rows."""

from server.engine.cursor import LakeCursor
from server.erasure.deleted import deleted_table
from server.errors import SqlError
from server.evolution.looking import columns_of
from server.sql.letter_case import folded
from server.sql.quoting import identifier


def rename_there(cursor: LakeCursor, dataset: str, old: str, new: str) -> None:
    """dataset: its name. Nothing if it has no such table, or the table no such column."""
    table = deleted_table(dataset)
    try:
        names = {column.key for column in columns_of(cursor, table)}
    except SqlError:
        return
    if folded(old) in names and folded(new) not in names:
        cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {identifier(old)} TO {identifier(new)}")
