"""The numbers of rows that an UPDATE or a MERGE has written anew: its files hold them, since rows keep theirs, but
DuckLake's catalog gives such a file new numbers too, which readers ignore. Its merge does not: where the catalog's
numbers of neighbouring files follow one another, it drops those in the files. So the catalog has to say first what
holds, as it does of files that DuckLake rewrites: that the numbers are in the file.
"""

from server.compaction.columns import ROW_ID, FileFields
from server.compaction.files import PREFIX, SQL, Table, name_of, pattern
from server.engine.cursor import LakeCursor


def own_numbers(cursor: LakeCursor, table: Table) -> None:
    """Take the catalog's row numbers from live files that hold their own. The caller holds the table, and no
    transaction is open. Raises Conflict."""
    rows = cursor.rows(SQL["numbered_otherwise"].format(table=table.sql, alias=table.alias), [table.id])
    for path, file_id in rows:
        fields = FileFields.of(cursor.rows(SQL["file_fields"], [pattern(str(path))]))
        if name_of(str(path)).startswith(PREFIX) and ROW_ID in fields.top:
            cursor.execute(SQL["own_numbers"], [file_id])
