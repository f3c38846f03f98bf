"""Where the lake's files lie, as its catalog knows them."""

from typing import NamedTuple

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.location import LakeLocation

SQL = named_queries("queries/erasing.sql")


class LakeFile(NamedTuple):
    """A data file or a file of deletions. path: whole; below the data path unless it was added from elsewhere."""

    schema: str
    table: str
    path: str


def known_files(cursor: LakeCursor, location: LakeLocation) -> list[LakeFile]:
    """Those of all snapshots that there are."""
    rows = cursor.rows(SQL["known_files"])
    return [LakeFile(str(row[0]), str(row[1]), _path(location.data_path, *row[2:])) for row in rows]


def files_of(cursor: LakeCursor, location: LakeLocation, dataset: str) -> list[str]:
    """Paths of the files of a dataset, named as catalog.datasets does, and of its deleted rows."""
    schema, _, table = dataset.rpartition(".")
    tables = {((schema or "main").lower(), table.lower()), ("deleted", dataset.lower())}
    return [file.path for file in known_files(cursor, location) if (file.schema.lower(), file.table.lower()) in tables]


def _path(root: str, schema: str, below: bool, table: str, in_schema: bool, file: str, in_table: bool) -> str:
    path = root + schema if below else schema
    path = path + table if in_schema else table
    return path + file if in_table else file
