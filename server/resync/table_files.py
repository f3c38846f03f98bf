"""The live files of a table as the catalog has them, and as they are."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catalog_sql import named_queries
from server.compaction.files import pattern
from server.engine.cursor import LakeCursor
from server.engine.location import LakeLocation
from server.errors import SqlError, Unavailable

SQL = named_queries("queries/resync.sql")
AT_ONCE_MAX = 500  # files whose footers one query reads
ROWS, DELETIONS = "rows", "deletions"


@dataclass(frozen=True)
class TableFile:
    """kind: ROWS, or DELETIONS in the data file of this number. rows, size: as the catalog has them, size in bytes."""

    table_id: int
    kind: str
    data_file_id: int
    rows: int
    size: int
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def live_files(cursor: LakeCursor, location: LakeLocation, schema: str, table: str) -> list[TableFile]:
    rows = cursor.rows(SQL["live_files"], {"schema": schema, "table": table})
    return [
        TableFile(table_id, kind, number, row_count, size, _path(location.data_path, parts))
        for table_id, kind, number, row_count, size, *parts in rows
    ]


def sizes(cursor: LakeCursor, location: LakeLocation, files: Sequence[TableFile]) -> dict[str, int]:
    """Bytes of those files that are there, by path. Raises Unavailable if it can't be told whether one is."""
    if location.on_s3:
        return _sizes_on_s3(cursor, {file.path for file in files})
    found = {}
    for file in files:
        try:
            found[file.path] = os.stat(file.path).st_size
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Unavailable(f"file {file.name} can't be looked at: {error.strerror}") from None
    return found


@dataclass(frozen=True)
class Footer:
    """What a Parquet file says of itself. fields: DuckLake's numbers of its columns, nested ones included."""

    rows: int
    fields: frozenset[int]


def footers(cursor: LakeCursor, paths: Sequence[str]) -> dict[str, Footer]:
    """Those of the files that can be read as Parquet, by path."""
    found: dict[str, Footer] = {}
    for start in range(0, len(paths), AT_ONCE_MAX):
        some = paths[start : start + AT_ONCE_MAX]
        try:
            found |= _footers(cursor, some)
        except SqlError:  # one that is no Parquet fails them all
            for path in some:
                found |= _footer(cursor, path)
    return found


def _footer(cursor: LakeCursor, path: str) -> dict[str, Footer]:
    try:
        return _footers(cursor, [path])
    except SqlError:
        return {}


def _footers(cursor: LakeCursor, paths: Sequence[str]) -> dict[str, Footer]:
    values = {"paths": list(map(pattern, paths))}
    fields = {str(path): frozenset(map(int, ids)) for path, ids in cursor.rows(SQL["fields"], values)}
    rows = cursor.rows(SQL["footers"], values)
    return {str(path): Footer(int(count), fields.get(str(path), frozenset())) for path, count in rows}


def _sizes_on_s3(cursor: LakeCursor, paths: set[str]) -> dict[str, int]:
    folders = {path.rpartition("/")[0] for path in paths}
    listed = {str(row[0]) for folder in folders for row in cursor.rows(SQL["listed"], [pattern(f"{folder}/") + "*"])}
    there = sorted(paths & listed)
    found: dict[str, int] = {}
    for some in _portions(there):
        values = {"paths": list(map(pattern, some))}
        found |= {str(path): int(size) for path, size in cursor.rows(SQL["sizes"], values)}
    return found


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), AT_ONCE_MAX):
        yield paths[start : start + AT_ONCE_MAX]


def _path(root: str, parts: Iterable[object]) -> str:
    """parts: of schema, table and file, each followed by whether it is below the one before."""
    path, pairs = root, iter(parts)
    for part, below in zip(pairs, pairs, strict=True):
        path = f"{path}{part}" if below else str(part)
    return path
