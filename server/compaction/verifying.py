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

from collections.abc import Sequence
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
    """A live file: sums of its rows without and with their numbers, and the first and last of these."""

    name: str
    plain: Sums
    numbered: Sums
    first: int
    last: int


def verify(cursor: LakeCursor, table: Table, written: set[str], replaced: int) -> int:
    """Compare the files written in the open transaction with those that they replace; the rows compared.

    replaced: how many files DuckLake says it replaces. Raises CompactionFailed.
    """
    fields = {path: _fields(cursor, path) for path in written}
    merged = {SNAPSHOT_ID in found.top for found in fields.values()}
    if len(merged) > 1:
        raise CompactionFailed("some of the new files tell the snapshots of their rows and some do not")
    live = _live(cursor, table, with_snapshot=True in merged)
    sources: list[str] = []
    rows = 0
    for path, found in sorted(fields.items()):
        sums = _sums(cursor, table, path, found)
        replaces = _numbered(cursor, table, path, found) if ROW_ID in found.top else _run(live, sums, set(sources))
        expected = [live[name].numbered if ROW_ID in found.top else live[name].plain for name in replaces]
        if sum(expected, Sums()) != sums:
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


def _live(cursor: LakeCursor, table: Table, with_snapshot: bool) -> dict[str, Live]:
    values = table.alias + (", snapshot_id" if with_snapshot else "")
    text = SQL["live"].format(values=values, table=table.sql, alias=table.alias)
    return {
        str(name): Live(
            str(name), Sums(rows, int(plain), int(plain_xor)), Sums(rows, int(total), int(xor)), first, last
        )
        for name, rows, plain, plain_xor, total, xor, first, last in cursor.rows(text)
    }


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


def _run(live: dict[str, Live], sums: Sums, taken: set[str]) -> Sequence[str]:
    """The neighbouring files whose rows a new file without row numbers holds; none if there are no such."""
    files = sorted(live.values(), key=lambda file: file.first)
    ends = list(accumulate(file.plain.rows for file in files))
    starts = {end - file.plain.rows: position for position, (end, file) in enumerate(zip(ends, files, strict=True))}
    for position, end in enumerate(ends):
        begin = starts.get(end - sums.rows)
        if begin is None or begin > position:
            continue
        run = files[begin : position + 1]
        together = run[-1].last - run[0].first + 1 == sums.rows
        if together and sum((file.plain for file in run), Sums()) == sums and taken.isdisjoint(f.name for f in run):
            return [file.name for file in run]
    return []
