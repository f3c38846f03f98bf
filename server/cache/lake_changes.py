"""What commits did between two snapshots, as DuckLake itself records it for telling conflicts."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor

SQL = named_queries("queries/cache.sql")
ROWS = frozenset({"inserted_into_table", "deleted_from_table"})
_OF_TABLES = ROWS | {"altered_table", "dropped_table"}
_HARMLESS = ("created_schema:", "created_view:", "altered_view:", "dropped_view:")


@dataclass(frozen=True)
class LakeChanges:
    """newest: the latest snapshot. kinds: what was done, by table_id. names: whether some name may mean another table
    now; a rename shows as a table that was made. complete: False if a snapshot in between is gone, so that anything may
    have changed."""

    newest: int
    kinds: dict[int, frozenset[str]]
    names: bool
    complete: bool

    def may_touch(self, table_id: int) -> bool:
        return self.names or not self.complete or table_id in self.kinds

    @classmethod
    def unknown(cls, newest: int) -> "LakeChanges":
        return cls(newest, {}, names=True, complete=False)

    @classmethod
    def of(cls, since: int, commits: Sequence[tuple[int, str | None]]) -> "LakeChanges":
        """commits: (snapshot, changes_made) of those after the snapshot `since`.

        A change is `kind:table_id` or `kind:"name"`, with commas between. A comma in a name gives pieces that are no
        known kind, which count as a change of names: never is a change overlooked.
        """
        kinds: dict[int, set[str]] = {}
        newest = max((snapshot for snapshot, _ in commits), default=since)
        names = False
        for change in (piece for _, text in commits for piece in (text or "").split(",") if piece):
            kind, _, table = change.partition(":")
            if table.isdecimal():
                kinds.setdefault(int(table), set()).add(kind)
                names |= kind not in _OF_TABLES
            else:
                names |= not change.startswith(_HARMLESS)
        found = {table: frozenset(done) for table, done in kinds.items()}
        return cls(newest, found, names, len(commits) == newest - since)


def changes_since(cursor: LakeCursor, since: int, until: int | None = None) -> LakeChanges:
    """until: the last snapshot that counts; None for the newest."""
    rows = cursor.rows(SQL["commits"].format(since=since))
    return LakeChanges.of(since, [(int(one), text) for one, text in rows if until is None or one <= until])
