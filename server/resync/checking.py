"""What is wrong with one table: its files against what the catalog has of them, and the bounds of its columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.catalog.datasets import Dataset
from server.engine.boot import METADATA
from server.engine.catalog_bounds import bound_types
from server.engine.cursor import LakeCursor
from server.engine.location import LakeLocation
from server.resync.table_files import DELETIONS, ROWS, SQL, Footer, TableFile, footers, live_files, sizes

SHOWN_MAX = 5  # names in a detail


@dataclass(frozen=True)
class Problem:
    """dataset: None for the lake as a whole. count: of the files, columns or keys that it is about."""

    dataset: str | None
    problem: str
    detail: str
    count: int
    repaired: bool = False


@dataclass(frozen=True)
class Bound:
    """The least and the greatest value of a column as its files have them, in DuckLake's own text."""

    column_id: int
    column: str
    least: str
    greatest: str


@dataclass(frozen=True)
class Checked:
    """lost: data files that are gone. bounds: those of columns whose kept ones leave out values. others: what nothing
    here repairs."""

    table_id: int | None
    lost: list[TableFile]
    bounds: list[Bound]
    others: list[Problem]


def check(cursor: LakeCursor, location: LakeLocation, dataset: Dataset) -> Checked:
    """The table as it is now. The caller holds it, so that no writer of this server is in between."""
    files = live_files(cursor, location, dataset.schema, dataset.table)
    there = sizes(cursor, location, files)
    gone = [file for file in files if file.path not in there]
    if gone:  # another server may have written them anew since
        still = {file.path for file in live_files(cursor, location, dataset.schema, dataset.table)}
        gone = [file for file in gone if file.path in still]
    lost = [file for file in gone if file.kind == ROWS]
    without = {file.data_file_id for file in lost}
    deletions = [file for file in gone if file.kind == DELETIONS and file.data_file_id not in without]
    others = [_missing_deletions(dataset, deletions)] if deletions else []
    others += _changed(cursor, dataset, [file for file in files if file.path in there], there)
    table_id = files[0].table_id if files else None
    return Checked(table_id, lost, [] if table_id is None else _bounds(cursor, table_id), others)


def missing_files(dataset: Dataset, lost: Sequence[TableFile], repaired: bool) -> Problem:
    rows = sum(file.rows for file in lost)
    return Problem(dataset.name, "missing_files", f"{rows} rows were in {_names(lost)}", len(lost), repaired)


def wrong_bounds(dataset: Dataset, bounds: Sequence[Bound], repaired: bool) -> Problem:
    detail = f"values of {_some(bound.column for bound in bounds)} are outside"
    return Problem(dataset.name, "wrong_bounds", detail, len(bounds), repaired)


def _missing_deletions(dataset: Dataset, files: Sequence[TableFile]) -> Problem:
    """Without them deleted rows would be back, so nothing but the file itself repairs this."""
    rows = sum(file.rows for file in files)
    detail = f"which {rows} rows are deleted was in {_names(files)}: bring it back"
    return Problem(dataset.name, "missing_deletions", detail, len(files))


def _changed(cursor: LakeCursor, dataset: Dataset, files: Sequence[TableFile], there: dict[str, int]) -> list[Problem]:
    """Files that are others than were written: nobody knows which rows they should have."""
    told = {file.path: f"{there[file.path]} bytes, not {file.size}" for file in files if there[file.path] != file.size}
    of_rows = [file for file in files if file.kind == ROWS]
    found = footers(cursor, [file.path for file in of_rows])
    columns: dict[int, dict[int, str]] = {}
    if of_rows:
        for file_id, column_id, name in cursor.rows(SQL["file_columns"], [of_rows[0].table_id]):
            columns.setdefault(int(file_id), {})[int(column_id)] = str(name)
    for file in of_rows:
        if wrong := _difference(file, found.get(file.path), columns.get(file.data_file_id, {})):
            told[file.path] = "; ".join(filter(None, (told.get(file.path), wrong)))
    if not told:
        return []
    changed = [f"{path.rpartition('/')[2]}: {what}" for path, what in told.items()]
    return [Problem(dataset.name, "changed_files", _some(changed), len(changed))]


def _difference(file: TableFile, footer: Footer | None, columns: dict[int, str]) -> str:
    if footer is None:
        return "no Parquet"
    told = [] if footer.rows == file.rows else [f"{footer.rows} rows, not {file.rows}"]
    if missing := [name for number, name in columns.items() if number not in footer.fields]:
        told.append(f"without column {_some(missing)}")
    return "; ".join(told)


def _bounds(cursor: LakeCursor, table_id: int) -> list[Bound]:
    kinds = [str(kind) for (kind,) in cursor.rows(SQL["kinds"].format(schema=METADATA), [table_id])]
    found: list[Bound] = []
    for kind, name in bound_types(kinds).items():
        text = SQL["bounds"].format(schema=METADATA, type=name)
        found += [Bound(*row) for row in cursor.rows(text, {"table": table_id, "kind": kind})]
    return found


def _names(files: Iterable[TableFile]) -> str:
    return _some(file.name for file in files)


def _some(names: Iterable[str]) -> str:
    """The first of them."""
    shown = list(names)
    more = len(shown) - SHOWN_MAX
    return ", ".join(shown[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
