"""Makes a copy of a table of the lake, and brings one up to date from DuckLake's change feed.

Everything here runs inside one transaction of the caller's, which fixes the lake's snapshot; memory is all it writes.
"""

from itertools import count

from catalog_sql import named_queries
from server.cache.pin import SCHEMA, Copy, Pin
from server.cache.sizes import Columns, byte_count, varying_bytes
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.errors import LimitExceeded, SqlError, Unsupported
from server.sql.quoting import identifier, literal, qualified

SQL = named_queries("queries/cache.sql")
ROW_NUMBER = "__lake_rowid"
BOUND = "cache_bytes_max"
# A copy is made anew once its dead rows are as many as its living ones: DuckDB does not give their memory back.
DEAD_ROWS_MIN = 10_000
ESTIMATE_FACTOR = 2  # the first rows may be larger than most: what is refused for them must be far beyond the bound
# DuckLake gives every row a number and tells changes by it; a column of such a name would stand in for it.
_TAKEN = frozenset({"rowid", "snapshot_id", ROW_NUMBER})


class Copying:
    """Numbers its tables, since the old copy is read until the new one is committed."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._numbers = count()

    def make(self, cursor: LakeCursor, pin: Pin, table_id: int) -> Copy:
        """A copy of the table as the cursor sees it, and the view over it; a copy before it is dropped.

        Raises LimitExceeded if the dataset would not fit even alone, Unsupported for a column's name that is taken.
        """
        source = qualified(LAKE, pin.schema, pin.table)
        columns = _columns(cursor, source)
        taken = next((name for name, _ in columns if name.lower() in _TAKEN), None)
        if taken is not None:
            raise Unsupported(f"{pin.dataset} has a column {taken!r}: it can't be pinned under that name")
        self._check_size(cursor, pin, source, columns)
        table = f"memory.{SCHEMA}.copy_{next(self._numbers)}"
        names = _names(columns)
        cursor.execute(SQL["copy"].format(copy=table, row_number=ROW_NUMBER, columns=names, source=source))
        rows, size = cursor.rows(f"SELECT count(*), {varying_bytes(columns)} FROM {table}")[0]
        cursor.execute(SQL["view"].format(view=pin.view, columns=names, copy=table))
        if pin.copy is not None:
            cursor.execute(f"DROP TABLE {pin.copy.table}")
        copy = Copy(table, table_id, columns, int(rows), 0, int(size))
        if copy.byte_count > self._bytes_max:
            raise _too_large(pin, copy.byte_count, self._bytes_max)
        return copy

    def follow(self, cursor: LakeCursor, pin: Pin, copy: Copy, since: int, snapshot: int, deletes: bool) -> Copy | None:
        """The copy with what was inserted into and deleted from its table since then; None if it is to be made anew.

        since, snapshot: the snapshots that it equals and is to equal. deletes: whether rows were deleted, too.
        """
        feed = f"('{LAKE}', {literal(pin.schema)}, {literal(pin.table)}, {since + 1}, {snapshot})"
        words = {
            "copy": copy.table,
            "row_number": ROW_NUMBER,
            "columns": _names(copy.columns),
            "insertions": f"ducklake_table_insertions{feed}",
            "deletions": f"ducklake_table_deletions{feed}",
        }
        try:
            removed = _count(cursor, SQL["remove"].format(**words)) if deletes else 0
            added = _count(cursor, SQL["append_last" if deletes else "append"].format(**words))
        except SqlError:
            return None  # a snapshot in between is gone
        rows, dead = copy.row_count - removed + added, copy.dead_rows + removed
        there = cursor.rows(f"SELECT count(*) FROM {qualified(LAKE, pin.schema, pin.table)}")[0][0]
        if rows != there or dead > max(rows, DEAD_ROWS_MIN):
            return None
        varying = copy.varying_bytes + self._added_bytes(cursor, copy, added)
        return Copy(copy.table, copy.table_id, copy.columns, rows, dead, varying)

    def drop(self, cursor: LakeCursor, pin: Pin, copy: Copy | None) -> None:
        cursor.execute(f"DROP VIEW IF EXISTS {pin.view}")
        if copy is not None:
            cursor.execute(f"DROP TABLE IF EXISTS {copy.table}")

    def _check_size(self, cursor: LakeCursor, pin: Pin, source: str, columns: Columns) -> None:
        """Before any memory is taken: what the first rows say of all."""
        sampled, varying = cursor.rows(SQL["sample"].format(bytes=varying_bytes(columns), source=source))[0]
        rows = cursor.rows(f"SELECT count(*) FROM {source}")[0][0]
        estimate = byte_count(columns, int(rows), int(varying) * int(rows) // max(1, int(sampled)))
        if estimate > self._bytes_max * ESTIMATE_FACTOR:
            raise _too_large(pin, estimate, self._bytes_max)

    def _added_bytes(self, cursor: LakeCursor, copy: Copy, added: int) -> int:
        """Of the rows that were appended last: a native table gives its rows numbers in the order they came."""
        if not added:
            return 0
        last = f"(SELECT max(rowid) FROM {copy.table})"
        text = f"SELECT {varying_bytes(copy.columns)} FROM {copy.table} WHERE rowid > {last} - {added}"
        return int(cursor.rows(text)[0][0])


def _too_large(pin: Pin, size: int, most: int) -> LimitExceeded:
    return LimitExceeded(BOUND, f"{pin.dataset} takes about {size} bytes in memory, {most} are there for all copies")


def _columns(cursor: LakeCursor, source: str) -> Columns:
    return tuple((str(name), str(kind)) for name, kind, *_ in cursor.rows(f"DESCRIBE {source}"))


def _names(columns: Columns) -> str:
    return ", ".join(identifier(name) for name, _ in columns)


def _count(cursor: LakeCursor, sql: str) -> int:
    return int(cursor.rows(sql)[0][0])
