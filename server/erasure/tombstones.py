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
from server.engine.running import client_gone
from server.erasure.deleted import deleted_table, homeless_columns, make_ready, shared_columns
from server.erasure.digest import KeyDigest
from server.erasure.hiding import Hiding
from server.erasure.keys import (
    GIVEN,
    KEYS_MAX,
    SQL,
    KeyColumn,
    checked_key_column,
    first_key_column,
    given_keys,
    table_of,
)
from server.erasure.suppression import Suppressions
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.quoting import identifier, qualified
from server.sql.schema import schema_of

REASON_CHARS_MAX = 1000
EVENTS = "lakehouse_tombstone_events"


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
        self._ready: dict[str, int] = {}  # deleted table → schema epoch at which it fitted
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

        def work(cursor: LakeCursor, change: _Change) -> tuple[int, int]:
            events = change.events(cursor, tombstone_id)
            cursor.register(EVENTS, events)
            cursor.execute(SQL["set"].format(events=EVENTS))
            cursor.unregister(EVENTS)
            rows = sum(int(count) for count in events["row_count"].to_numpy())
            if rows:
                cursor.execute(change.text("move", into=change.deleted, source=change.live, columns="*"))
                cursor.execute(change.text("remove", source=change.live))
            return events.num_rows, rows

        dataset, keys, rows = self._run(caller, arguments, arguments.key_column, "tombstone", work)
        return [{"tombstone_id": tombstone_id, "dataset": dataset.name, "key_count": keys, "row_count": rows}]

    def untombstone(self, caller: Caller, arguments: Keys) -> list[dict[str, Any]]:
        def work(cursor: LakeCursor, change: _Change) -> tuple[int, int]:
            counted = (
                f"(SELECT count(*) FROM {change.deleted} d WHERE d.{change.column.sql}::VARCHAR = latest.key_value)"
            )
            keys = change.mark(cursor, "restored", ("set", "lifted"), counted)
            columns = shared_columns(cursor, change.dataset)
            change.check_homes(cursor)
            moved = cursor.rows(change.text("move", into=change.live, source=change.deleted, columns=columns))
            cursor.execute(change.text("remove", source=change.deleted))
            return keys, int(moved[0][0])

        return _changed(*self._run(caller, arguments, None, "untombstone", work))

    def lift(self, caller: Caller, arguments: Keys) -> list[dict[str, Any]]:
        def work(cursor: LakeCursor, change: _Change) -> tuple[int, int]:
            return change.mark(cursor, "lifted", ("set", "erased"), "0"), 0

        return _changed(*self._run(caller, arguments, None, "lift suppression", work, moves=False))

    def _run(
        self, caller: Caller, arguments: Keys, column: str | None, what: str, work: "Work", moves: bool = True
    ) -> tuple[Dataset, int, int]:
        """The dataset, and how many keys and rows changed: in one commit, under its lock. column: as the caller names
        it. moves: whether work moves rows. Raises what `checked_key_column`, `given_keys` and `make_ready` raise,
        NotFound if no key has a tombstone to change."""
        dataset, author = find_dataset(self._engine, arguments.dataset), caller.principal.name
        locked = f"{dataset.schema}.{dataset.table}".lower()
        cursor = self._engine.cursor(author)
        try:
            with self._engine.locks.holding(locked, client_gone.get()), self._engine.quiet.using():
                change = self._change(cursor, caller, arguments, dataset, column)
                if column is None or self._engine.location.on_postgres:
                    self._ready.pop(change.deleted, None)  # another server may have altered the dataset
                if moves:
                    self._make_ready(cursor, change, author)
                cursor.register(GIVEN, change.keys)
                message = f"{what} in {dataset.name}"
                keys, rows = self._hiding.commit(cursor, dataset, author, message, lambda c: work(c, change))
                self._suppressions.changed(locked)
                if column is None:
                    self._suppressions.load()
                else:
                    self._suppressions.add(dataset.name, change.column)
            return dataset, keys, rows
        finally:
            cursor.close()

    def _change(
        self, cursor: LakeCursor, caller: Caller, arguments: Keys, dataset: Dataset, column: str | None
    ) -> "_Change":
        guard = self._suppressions.guard(f"{dataset.schema}.{dataset.table}")
        known = guard.column if guard is not None else first_key_column(cursor, dataset)
        found = checked_key_column(cursor, dataset, column, known)
        keys = given_keys(cursor, arguments.key_values, found, KeyDigest(self._secret, dataset.name))
        told = {"reason": arguments.reason, "actor": caller.principal.name, "on_behalf_of": arguments.on_behalf_of}
        return _Change(dataset, found, keys, told)

    def _make_ready(self, cursor: LakeCursor, change: "_Change", author: str) -> None:
        """See `make_ready`; once for each state that schemas are in."""
        if self._ready.get(change.deleted) == self._engine.schema_epoch:
            return
        message = f"deleted rows of {change.dataset.name}"
        if commit_on(cursor, author, message, lambda c: make_ready(c, change.dataset, change.column)):
            self._engine.schema_changed()
        self._ready[change.deleted] = self._engine.schema_epoch


def _changed(dataset: Dataset, keys: int, rows: int) -> list[dict[str, Any]]:
    return [{"dataset": dataset.name, "key_count": keys, "row_count": rows}]


@dataclass(frozen=True)
class _Change:
    """One call: of which dataset, for which keys. keys: rows (value, hmac). told: reason, actor and on_behalf_of."""

    dataset: Dataset
    column: KeyColumn
    keys: pa.Table
    told: dict[str, str | None]

    @property
    def live(self) -> str:
        return table_of(self.dataset)

    @property
    def deleted(self) -> str:
        return deleted_table(self.dataset.name)

    def text(self, query: str, **parts: str) -> str:
        return SQL[query].format(key=self.column.sql, type=self.column.type, given=GIVEN, **parts)

    def events(self, cursor: LakeCursor, tombstone_id: str) -> pa.Table:
        """A row for each key that has rows or is not suppressed yet, to be recorded."""
        counts = dict(cursor.rows(self.text("counts", source=self.live)))
        known: set[str] = set()
        if len(counts) < self.keys.num_rows:
            known = {str(row[0]) for row in cursor.rows(self.text("known"), [self.dataset.name])}
        pairs = zip(self.keys["value"].to_pylist(), self.keys["hmac"].to_pylist(), strict=True)
        rows = [(value, hmac, counts.get(value, 0)) for value, hmac in pairs if value in counts or hmac not in known]
        values, hmacs, numbers = zip(*rows, strict=True) if rows else ((), (), ())
        given = pa.table(
            {
                "value": pa.array(values, pa.string()),
                "hmac": pa.array(hmacs, pa.string()),
                "row_count": pa.array(numbers, pa.int64()),
            }
        )
        named = {
            "tombstone_id": tombstone_id,
            "dataset": self.dataset.name,
            "key_column": self.column.name,
            "key_type": self.column.type,
            **self.told,
        }
        for name, value in named.items():
            given = given.append_column(name, pa.repeat(pa.scalar(value, pa.string()), given.num_rows))
        return given

    def check_homes(self, cursor: LakeCursor) -> None:
        """Raises InvalidArgument for rows that would lose values on their way back."""
        columns = homeless_columns(cursor, self.dataset)
        if not columns:
            return
        counts = ", ".join(f"count(d.{identifier(name)})" for name, _ in columns)
        found = cursor.rows(self.text("homeless", source=self.deleted, counts=counts))[0]
        for (name, kind), rows in zip(columns, found, strict=True):
            if rows:
                table = qualified(self.dataset.schema, self.dataset.table)
                raise InvalidArgument(
                    f"{rows} of the rows have a value in {name}, and {self.dataset.name} was made anew without it: "
                    f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {kind} first"
                )

    def mark(self, cursor: LakeCursor, change: str, states: Sequence[str], row_count: str) -> int:
        """Record the change of each key that is in one of these states; how many. Raises NotFound for none."""
        listed = ", ".join(f"'{state}'" for state in states)
        text = self.text("change", states=listed, row_count=row_count)
        marked = int(cursor.rows(text, {"name": self.dataset.name, "change": change} | self.told)[0][0])
        if not marked:
            raise NotFound(f"none of these keys has a tombstone in {self.dataset.name} that could be {change}")
        return marked


Work = Callable[[LakeCursor, _Change], tuple[int, int]]
