"""What DuckLake's metadata tells of commits: who, when, which tables, under which names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_sql import named_queries
from server.catalog.datasets import dataset_name
from server.engine.cursor import LakeCursor

SQL = named_queries("queries/journal.sql")
COMMITS_MAX = 1000  # read at once, and written in one transaction
ROWS_AT_ONCE = 200_000  # the same for the rows that they changed, unless a single one changed more
_INSERTS = ("inserted_into_table", "inlined_insert")
_DELETES = ("deleted_from_table", "inlined_delete")


@dataclass(frozen=True)
class Commit:
    """occurred_at: see Event. inserted, deleted, altered: tables into which it wrote rows, out of which it took some,
    whose columns it changed."""

    snapshot: int
    schema_version: int
    occurred_at: int
    author: str | None
    message: str | None
    inserted: frozenset[int]
    deleted: frozenset[int]
    altered: frozenset[int]

    @property
    def written(self) -> frozenset[int]:
        return self.inserted | self.deleted


@dataclass(frozen=True)
class Name:
    """What a table was called from snapshot begin on, until end."""

    table_id: int
    schema: str
    table: str
    begin: int
    end: int | None

    @property
    def dataset(self) -> str:
        return dataset_name(self.schema, self.table)

    def holds(self, snapshot: int) -> bool:
        return self.begin <= snapshot and (self.end is None or snapshot < self.end)


def commits_after(cursor: LakeCursor, snapshot: int) -> list[Commit]:
    """The next ones: at most COMMITS_MAX, of at most ROWS_AT_ONCE rows if they are more than one."""
    commits: list[Commit] = []
    total = 0
    for *row, rows in cursor.rows(SQL["snapshots"], {"after": snapshot, "most": COMMITS_MAX}):
        total += rows
        if commits and total > ROWS_AT_ONCE:
            break
        commits.append(_commit(*row))
    return commits


def names_after(cursor: LakeCursor, snapshot: int) -> list[Name]:
    """Every name of a table that was not over by then, control tables left out."""
    return [Name(*row) for row in cursor.rows(SQL["tables"], {"after": snapshot})]


def missing(after: int, commits: Sequence[Commit]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch of snapshots that are not there any more."""
    for commit in commits:
        if commit.snapshot > after + 1:
            yield after + 1, commit.snapshot - 1
        after = commit.snapshot


def stretches(commits: Sequence[Commit]) -> Iterator[list[Commit]]:
    """Neighbours between which no table changed its columns."""
    stretch: list[Commit] = []
    for commit in commits:
        if stretch and (
            commit.schema_version != stretch[-1].schema_version or commit.snapshot != stretch[-1].snapshot + 1
        ):
            yield stretch
            stretch = []
        stretch.append(commit)
    if stretch:
        yield stretch


def _commit(
    snapshot: int, schema_version: int, occurred_at: int, author: str | None, message: str | None, changes: str
) -> Commit:
    parts = list(_parts(changes))
    tables = [frozenset(_numbers(parts, kinds)) for kinds in (_INSERTS, _DELETES, ("altered_table",))]
    return Commit(snapshot, schema_version, occurred_at, author, message, *tables)


def _numbers(parts: Iterable[str], kinds: Sequence[str]) -> Iterator[int]:
    for part in parts:
        kind, _, what = part.partition(":")
        if kind in kinds and what.isdigit():
            yield int(what)


def _parts(changes: Any) -> Iterator[str]:
    """`inserted_into_table:1,created_table:"main"."a,b"` at its commas outside quotes."""
    part, quoted = "", False
    for character in str(changes):
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            yield part
            part = ""
        else:
            part += character
    yield part
