"""The operations tombstone, untombstone and lift_suppression."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import Field, StrictInt, StrictStr

from server.catalog.datasets import Dataset, find_dataset
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.deleted import deleted_table, make_ready, shared_columns
from server.erasure.digest import KeyDigest
from server.erasure.hiding import Hiding
from server.erasure.keys import GIVEN, KEYS_MAX, SQL, KeyColumn, given_keys, key_column, table_of
from server.erasure.suppression import Suppressions
from server.errors import NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

REASON_CHARS_MAX = 1000


class Keys(Arguments):
    dataset: str = Field(description="Dataset, schema-qualified outside main.")
    key_values: list[StrictStr | StrictInt | None] = Field(
        min_length=1, max_length=KEYS_MAX, description="Keys of the rows, of the key column's type."
    )
    reason: str | None = Field(None, max_length=REASON_CHARS_MAX, description="Why. It outlives the rows.")
    on_behalf_of: str | None = Field(None, max_length=200, description="For whom the caller acts, if for another.")


class Tombstone(Keys):
    key_column: str = Field(description="Column that names whose rows they are: one for each dataset.")


RESULT = schema_of(tombstone_id=pa.string(), dataset=pa.string(), key_count=pa.int64(), row_count=pa.int64())
CHANGED = schema_of(dataset=pa.string(), key_count=pa.int64(), row_count=pa.int64())


class Tombstones:
    """Each operation is one commit under the dataset's lock: its rows, their record, and who reads them agree."""

    def __init__(self, engine: Engine, secret: bytes, suppressions: Suppressions, hiding: Hiding) -> None:
        """secret: key of the digests; see digest.py."""
        self._engine = engine
        self._secret = secret
        self._suppressions = suppressions
        self._hiding = hiding

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "tombstone",
                "Take the rows of these keys away from every reader, and hold back what is written of them again.",
                Tombstone,
                RESULT,
                self.tombstone,
            ),
            Operation(
                "untombstone",
                "Give the rows of these keys back, unless they are erased.",
                Keys,
                CHANGED,
                self.untombstone,
            ),
            Operation(
                "lift_suppression",
                "Let rows of these keys be written again. What was taken away stays away.",
                Keys,
                CHANGED,
                self.lift,
            ),
        ]

    def tombstone(self, caller: Caller, arguments: Tombstone) -> list[dict[str, Any]]:
        """Keys that are suppressed and have no rows count for nothing."""
        tombstone_id = secrets.token_hex(8)
        change = self._begin(caller, arguments, arguments.key_column)

        def work(cursor: LakeCursor) -> tuple[int, int]:
            values = {"tombstone_id": tombstone_id, "key_column": change.column.name, "key_type": change.column.type}
            cursor.execute(change.text("set", source=change.live), change.values | values)
            cursor.execute(change.text("move", into=change.deleted, source=change.live, columns="*"))
            cursor.execute(change.text("remove", source=change.live))
            keys, rows = cursor.rows(SQL["moved"], [tombstone_id])[0]
            return int(keys), int(rows)

        keys, rows = self._commit(change, "tombstone", work)
        return [{"tombstone_id": tombstone_id, "dataset": change.dataset.name, "key_count": keys, "row_count": rows}]

    def untombstone(self, caller: Caller, arguments: Keys) -> list[dict[str, Any]]:
        change = self._begin(caller, arguments, None)

        def work(cursor: LakeCursor) -> tuple[int, int]:
            counted = (
                f"(SELECT count(*) FROM {change.deleted} d WHERE d.{change.column.sql}::VARCHAR = latest.key_value)"
            )
            keys = change.mark(cursor, "restored", ("set", "lifted"), counted)
            columns = shared_columns(cursor, change.dataset)
            moved = cursor.rows(change.text("move", into=change.live, source=change.deleted, columns=columns))
            cursor.execute(change.text("remove", source=change.deleted))
            return keys, int(moved[0][0])

        return self._changed(change, self._commit(change, "untombstone", work))

    def lift(self, caller: Caller, arguments: Keys) -> list[dict[str, Any]]:
        change = self._begin(caller, arguments, None)

        def work(cursor: LakeCursor) -> tuple[int, int]:
            return change.mark(cursor, "lifted", ("set", "erased"), "0"), 0

        return self._changed(change, self._commit(change, "lift suppression", work))

    def _begin(self, caller: Caller, arguments: Keys, column: str | None) -> "_Change":
        dataset = find_dataset(self._engine, arguments.dataset)
        digest = KeyDigest(self._secret, dataset.name)

        def read(cursor: LakeCursor) -> tuple[KeyColumn, pa.Table]:
            found = key_column(cursor, dataset, column)
            return found, given_keys(cursor, arguments.key_values, found, digest)

        found, keys = self._engine.read(read)
        values = {
            "name": dataset.name,
            "reason": arguments.reason,
            "actor": caller.principal.name,
            "on_behalf_of": arguments.on_behalf_of,
        }
        return _Change(dataset, found, keys, values)

    def _commit(
        self, change: "_Change", message: str, work: Callable[[LakeCursor], tuple[int, int]]
    ) -> tuple[int, int]:
        """Raises NotFound if no key has a tombstone that could change."""
        dataset, author = change.dataset, str(change.values["actor"])
        cursor = self._engine.cursor(author)
        try:
            with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower()):
                if commit_on(cursor, author, f"deleted rows of {dataset.name}", lambda c: make_ready(c, dataset)):
                    self._engine.schema_changed()
                cursor.register(GIVEN, change.keys)
                counts = self._hiding.commit(cursor, dataset, author, f"{message} in {dataset.name}", work)
                self._suppressions.changed(f"{dataset.schema}.{dataset.table}".lower())
                self._suppressions.load()
            return counts
        finally:
            cursor.close()

    def _changed(self, change: "_Change", counts: tuple[int, int]) -> list[dict[str, Any]]:
        keys, rows = counts
        return [{"dataset": change.dataset.name, "key_count": keys, "row_count": rows}]


@dataclass(frozen=True)
class _Change:
    """One call: of which dataset, for which keys. keys: rows (value, hmac). values: bound by each text that records."""

    dataset: Dataset
    column: KeyColumn
    keys: pa.Table
    values: dict[str, str | None]

    @property
    def live(self) -> str:
        return table_of(self.dataset)

    @property
    def deleted(self) -> str:
        return deleted_table(self.dataset.name)

    def text(self, query: str, **parts: str) -> str:
        return SQL[query].format(key=self.column.sql, type=self.column.type, given=GIVEN, **parts)

    def mark(self, cursor: LakeCursor, change: str, states: Sequence[str], row_count: str) -> int:
        """Record the change of each key that is in one of these states; how many. Raises NotFound for none."""
        listed = ", ".join(f"'{state}'" for state in states)
        text = self.text("change", states=listed, row_count=row_count)
        marked = int(cursor.rows(text, self.values | {"change": change})[0][0])
        if not marked:
            raise NotFound(f"none of these keys has a tombstone in {self.dataset.name} that could be {change}")
        return marked
