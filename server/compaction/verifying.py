"""The proof that what a transaction wrote in place of a table's files holds their rows, each once, and nothing else.

It is made inside the transaction, where a reader still sees the files from before. DuckLake does not tell which files
it replaces, so that is found out: a new file that carries row numbers replaces the live files that have those numbers;
one that carries none holds the rows of neighbouring files, whose numbers follow one another, and is as long as these
are. Then

- the live rows of the files that each new file replaces, and its own rows, agree in number and in the sum and exclusive
  or of their hashes, over all columns as readers see them, the row's number and, after a merge, its snapshot. A row
  that is lost, doubled or changed in a new file, a value in the wrong column, or a live row of a replaced file that no
  new file has, makes these differ but for a chance of about one in 2⁶⁴;
- no file is replaced by two new ones, or the rows of one would be there twice;
- as many files are replaced as DuckLake says that it replaces, but for those all of whose rows are deleted. So it takes
  away none but those that were compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from server.compaction.columns import ROW_ID, SNAPSHOT_ID, FileFields
from server.compaction.files import SQL, Table, name_of, pattern
from server.engine.cursor import LakeCursor
from server.errors import CompactionFailed
from server.sql.quoting import literal


@dataclass(frozen=True)
class Sums:
    """rows: how many. total, xor: sum and exclusive or of the hashes of rows."""

    rows: int = 0
    total: int = 0
    xor: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.rows + other.rows, self.total + other.total, self.xor ^ other.xor)


@dataclass(frozen=True)
class Live:
    """A live file: how many rows it has, and the first and last of their numbers."""

    name: str
    rows: int
    first: int
    last: int


class _Old:
    """The live files of a table, and sums of their rows: read once, and of no more files than are asked for."""

    def __init__(self, cursor: LakeCursor, table: Table, with_snapshot: bool) -> None:
        self._cursor = cursor
        self._table = table
        self._values = table.alias + (", snapshot_id" if with_snapshot else "")
        self._plain: dict[str, Sums] = {}
        self._numbered: dict[str, Sums] = {}
        rows = cursor.rows(SQL["live"].format(table=table.sql, alias=table.alias))
        self.files = sorted((Live(*row) for row in rows), key=lambda file: file.first)

    def plain(self, names: Sequence[str]) -> Sums:
        """Of rows without their numbers."""
        self.read(names)
        return sum((self._plain[name] for name in names), Sums())

    def numbered(self, names: Sequence[str]) -> Sums:
        """Of rows with their numbers."""
        self.read(names)
        return sum((self._numbered[name] for name in names), Sums())

    def read(self, names: Iterable[str]) -> None:
        if not (unread := sorted(set(names) - self._plain.keys())):
            return
        parts = {"values": self._values, "table": self._table.sql, "alias": self._table.alias}
        files = ", ".join(literal(name) for name in unread)  # constants, so that DuckDB opens these files alone
        for name, rows, plain, plain_xor, total, xor in self._cursor.rows(SQL["sums"].format(**parts, files=files)):
            self._plain[name] = Sums(rows, int(plain), int(plain_xor))
            self._numbered[name] = Sums(rows, int(total), int(xor))


def verify(cursor: LakeCursor, table: Table, written: set[str], replaced: int) -> int:
    """Compare the files written in the open transaction with those that they replace; the rows compared.

    replaced: how many files DuckLake says it replaces. Raises CompactionFailed.
    """
    fields = {path: _fields(cursor, path) for path in written}
    merged = {SNAPSHOT_ID in found.top for found in fields.values()}
    if len(merged) > 1:
        raise CompactionFailed("some of the new files tell the snapshots of their rows and some do not")
    old = _Old(cursor, table, with_snapshot=True in merged)
    sources: list[str] = []
    rows = 0
    for path, found in sorted(fields.items()):
        sums = _sums(cursor, table, path, found)
        if ROW_ID in found.top:
            replaces = _numbered(cursor, table, path, found)
            expected = old.numbered(replaces)
        else:
            replaces = _run(old, sums, set(sources))
            expected = old.plain(replaces)
        if expected != sums:
            raise CompactionFailed(f"new file {name_of(path)} does not hold the rows of the files that it replaces")
        sources += replaces
        rows += sums.rows
    if len(sources) != len(set(sources)):
        raise CompactionFailed("a file is replaced by two new ones")
    empty = int(cursor.rows(SQL["without_rows"], [table.id])[0][0])
    if not 0 <= replaced - len(sources) <= empty:
        raise CompactionFailed(f"{replaced} files are replaced, and the new ones hold the rows of {len(sources)}")
    return rows


def _fields(cursor: LakeCursor, path: str) -> FileFields:
    return FileFields.of(cursor.rows(SQL["file_fields"], [pattern(path)]))


def _sums(cursor: LakeCursor, table: Table, path: str, fields: FileFields) -> Sums:
    snapshot, number = fields.column(SNAPSHOT_ID), fields.column(ROW_ID)
    values = ", ".join([*fields.values(table.columns), *([snapshot] if snapshot else [])])
    parts = {
        "values": values,
        "number": number or "NULL",
        "h": "hash(h, n)" if number else "h",
        "file": literal(pattern(path)),
        "alias": fields.alias(),
    }
    rows, total, xor = cursor.rows(SQL["file"].format(**parts))[0]
    return Sums(int(rows), int(total or 0), int(xor or 0))


def _numbered(cursor: LakeCursor, table: Table, path: str, fields: FileFields) -> list[str]:
    """The live files with the row numbers that a new file carries."""
    parts = {
        "table": table.sql,
        "alias": table.alias,
        "number": fields.column(ROW_ID),
        "file": literal(pattern(path)),
        "file_alias": fields.alias(),
    }
    return [str(row[0]) for row in cursor.rows(SQL["sources"].format(**parts))]


def _run(old: _Old, sums: Sums, taken: set[str]) -> list[str]:
    """The neighbouring files whose rows a new file without row numbers holds; none if there are no such."""
    runs = list(_runs(old.files, sums.rows))
    old.read(name for run in runs for name in run)
    return next((run for run in runs if old.plain(run) == sums and taken.isdisjoint(run)), [])


def _runs(files: Sequence[Live], rows: int) -> Iterator[list[str]]:
    """The neighbouring files that have so many rows together, with numbers that follow one another."""
    ends = list(accumulate(file.rows for file in files))
    starts = {end - file.rows: position for position, (end, file) in enumerate(zip(ends, files, strict=True))}
    for position, end in enumerate(ends):
        begin = starts.get(end - rows)
        if begin is None or begin > position:
            continue
        run = files[begin : position + 1]
        if run[-1].last - run[0].first + 1 == rows:
            yield [file.name for file in run]
