"""A pinned dataset: its copy in memory, if there is one, and how it is used."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from server.cache.sizes import Columns, byte_count
from server.catalog.datasets import dataset_name

SCHEMA = "__cache"  # of catalog memory; the gate closes it to statements


@dataclass(frozen=True)
class Copy:
    """table: its full name, SQL text. table_id: DuckLake's, which tells a table from another of the same name.
    row_count: as in the lake. dead_rows: deleted ones, whose memory is not free yet. varying_bytes: see `sizes.py`."""

    table: str
    table_id: int
    columns: Columns
    row_count: int
    dead_rows: int
    varying_bytes: int

    @property
    def byte_count(self) -> int:
        """The memory that it takes, dead rows included."""
        return byte_count(self.columns, self.row_count + self.dead_rows, self.varying_bytes)


@dataclass
class Pin:
    """schema and table: in their own letter case. number: names its view. reason: why there is no copy."""

    schema: str
    table: str
    number: int
    pinned_at: datetime
    copy: Copy | None = None
    reason: str | None = None
    hits: int = 0
    misses: int = 0
    last_used_at: datetime | None = None

    @property
    def key(self) -> str:
        return key_of(self.schema, self.table)

    @property
    def dataset(self) -> str:
        return dataset_name(self.schema, self.table)

    @property
    def view_name(self) -> str:
        return f"pin_{self.number}"

    @property
    def view(self) -> str:
        """What queries read: the copy without the lake's row numbers. Stays when the copy is made anew."""
        return f"memory.{SCHEMA}.{self.view_name}"

    @property
    def used_at(self) -> datetime:
        return self.last_used_at or self.pinned_at

    def used(self, from_memory: bool) -> None:
        self.hits += from_memory
        self.misses += not from_memory
        self.last_used_at = datetime.now(UTC)

    def row(self, snapshot: int, behind: bool) -> dict[str, Any]:
        """For the view catalog.cache. snapshot: that all copies equal. behind: the lake may have another by now."""
        copy = self.copy
        state = "failed" if self.reason else "loading" if copy is None else "behind" if behind else "ready"
        return {
            "dataset": self.dataset,
            "state": state,
            "row_count": copy.row_count if copy else None,
            "bytes": copy.byte_count if copy else 0,
            "hits": self.hits,
            "misses": self.misses,
            "snapshot": snapshot if copy else None,
            "pinned_at": self.pinned_at,
            "last_used_at": self.last_used_at,
            "reason": self.reason,
        }


@dataclass
class Changed:
    """What following the lake did: pins whose copy is another one or gone, by key, and those that gave way. schema:
    whether names or columns may mean something else now."""

    snapshot: int
    schema: bool
    copies: dict[str, Copy | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    evicted: list[Pin] = field(default_factory=list)


def key_of(schema: str, table: str) -> str:
    """Letter case does not tell names apart."""
    return f"{schema}.{table}".lower()
