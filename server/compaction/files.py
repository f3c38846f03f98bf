"""The files of a table: where they lie, which of them nobody refers to, and how those go."""

from dataclasses import dataclass
from pathlib import Path

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.compaction.columns import Column, columns_of
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE, LakeLocation
from server.errors import NotFound
from server.logs import logger
from server.sql.quoting import literal, qualified

SQL = named_queries("queries/compaction.sql")
PREFIX = "ducklake-"  # how DuckLake begins the names of its files

_log = logger("compaction")


@dataclass(frozen=True)
class Table:
    """A table of the lake as a transaction sees it. folder: where its files lie, '/' last; a prefix on S3."""

    dataset: Dataset
    id: int
    folder: str
    on_s3: bool
    columns: list[Column]

    @property
    def sql(self) -> str:
        """Its full name."""
        return qualified(LAKE, self.dataset.schema, self.dataset.table)

    @property
    def alias(self) -> str:
        """Names for its columns that hide none of DuckLake's own: a table may have a column called filename."""
        return ", ".join(f"c{position}" for position in range(len(self.columns)))


def table_of(cursor: LakeCursor, location: LakeLocation, dataset: Dataset) -> Table:
    """Raises NotFound if it was dropped meanwhile."""
    rows = cursor.rows(SQL["table"], [dataset.schema, dataset.table])
    if not rows:
        raise NotFound(f"dataset {dataset.name} is gone")
    table_id, schema_path, schema_below, table_path, table_below = rows[0]
    above = f"{location.data_path}{schema_path}" if schema_below else str(schema_path)
    folder = f"{above}{table_path}" if table_below else str(table_path)
    columns = columns_of(cursor.rows(SQL["columns"], [table_id]))
    return Table(dataset, int(table_id), folder, location.on_s3, columns)


def listed(cursor: LakeCursor, table: Table) -> set[str]:
    """The data files in its folder, those of partitions included: full paths."""
    if not table.on_s3:
        return {str(path) for path in Path(table.folder).rglob(f"{PREFIX}*.parquet")}
    rows = cursor.rows(f"SELECT file FROM glob({literal(pattern(table.folder) + '**')})")
    return {str(row[0]) for row in rows if name_of(str(row[0])).startswith(PREFIX) and str(row[0]).endswith(".parquet")}


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


def pattern(path: str) -> str:
    """A path as what DuckDB takes for a pattern that only this path matches. A local one is that as it is: DuckDB looks
    for a file of this name first, and takes another pattern for a path outside the folders that it may read."""
    if not path.startswith("s3://"):
        return path
    return "".join(f"[{character}]" if character in "[*?" else character for character in path)


def remove(table: Table, paths: set[str]) -> None:
    """Remove files of a transaction that was rolled back. On S3 nothing but `remove_unused` can."""
    if table.on_s3:
        return
    for path in paths:
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a file that nothing refers to stays for now", file=name_of(path), error=str(error.strerror))


def remove_unused(cursor: LakeCursor, replaced_s: float, unknown_s: float) -> int:
    """Remove the files of the lake that merges replaced, and those that the catalog does not know; how many.

    replaced_s, unknown_s: only those that became so, or were written, longer ago than this, in seconds.
    """
    removed = len(cursor.rows(SQL["clean_up"], [replaced_s]))
    unknown = [str(row[0]) for row in cursor.rows(SQL["unknown"], [unknown_s])]
    foreign = [path for path in unknown if not name_of(path).startswith(PREFIX)]
    if foreign:
        _log.warning("the lake's folder has Parquet files of others: no unknown file is removed", files=len(foreign))
    elif unknown:
        removed += len(cursor.rows(SQL["remove_unknown"], [unknown_s]))
    return removed
