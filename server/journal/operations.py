"""The operations set_journal, journal_append, journal_flush and journal_verify."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from server.catalog.datasets import NAME_CHARS_MAX, find_dataset
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.keys import KEY_TYPES, columns_of, table_of
from server.erasure.keys import SQL as TOMBSTONES
from server.errors import InvalidArgument, NotFound
from server.journal.commits import SQL
from server.journal.event import TABLE_CHANGES
from server.journal.journal import Appended, Journal
from server.journal.sealing import Values
from server.operations.registry import Arguments, Caller, Operation
from server.operations.texts import encodable, one_line
from server.sql.schema import schema_of

EVENTS_MAX = 10_000
VALUE_CHARS_MAX = 100_000


def _no_table_change(text: str) -> str:
    if text.lower() in TABLE_CHANGES:
        raise ValueError(f"{text!r} is what the server says of tables")
    return one_line(text)


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX), AfterValidator(one_line)]
Value = Annotated[str, Field(max_length=VALUE_CHARS_MAX), AfterValidator(encodable)]


class JournalEvent(BaseModel):
    """What happened outside the lake. Its values are sealed, the rest is not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: Name = Field(description="Dataset that the entity belongs to; it need not be one of the lake's.")
    key: Value = Field(min_length=1, description="Key of the entity.")
    field: Name | None = Field(None, description="What of it changed; none for the whole.")
    old_value: Value | None = Field(None, description="Value before.")
    new_value: Value | None = Field(None, description="Value after.")
    change: Annotated[Name, AfterValidator(_no_table_change)] = Field("update", description="What kind of change.")
    source: Name | None = Field(None, description="Where the event comes from, such as a tool.")
    workspace: Name | None = Field(None, description="Workspace in which it happened.")
    occurred_at: AwareDatetime | None = Field(None, description="When it happened, with time zone; none for now.")


class JournalAppend(Arguments):
    events: list[JournalEvent] = Field(
        min_length=1, max_length=EVENTS_MAX, description="Events, each with dataset, key and what changed."
    )


class SetJournal(Arguments):
    dataset: str = Field(description="Dataset whose changes are journalled, or not any more.")
    enabled: bool = Field(description="Whether its changes are journalled from now on.")
    entity_column: str | None = Field(
        None, description="Column that names its entities; none takes its tombstones' key column, or each row is one."
    )


class NoArguments(Arguments):
    pass


SWITCHED = schema_of(dataset=pa.string(), enabled=pa.bool_(), entity_column=pa.string())
APPENDED = schema_of(event_count=pa.int64())
FLUSHED = schema_of(event_count=pa.int64(), sequence=pa.int64(), read_snapshot=pa.int64())
VERIFIED = schema_of(
    intact=pa.bool_(), event_count=pa.int64(), head_sequence=pa.int64(), broken_at=pa.int64(), problem=pa.string()
)


class JournalOperations:
    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "set_journal",
                "Journal the changes of a dataset from now on, or stop to.",
                SetJournal,
                SWITCHED,
                self.set_journal,
            ),
            Operation(
                "journal_append",
                "Add events from outside to the journal: they are on disk when this answers, and in the lake soon.",
                JournalAppend,
                APPENDED,
                self.append,
            ),
            Operation(
                "journal_flush",
                "Write to the journal in the lake what was committed and appended by now.",
                NoArguments,
                FLUSHED,
                self.flush,
            ),
            Operation(
                "journal_verify",
                "Check every link of the journal's hash chain, its signed head, and that no event is missing.",
                NoArguments,
                VERIFIED,
                self.verify,
            ),
        ]

    def set_journal(self, caller: Caller, arguments: SetJournal) -> Iterable[dict[str, Any]]:
        """It holds for commits after its own, whoever makes them."""
        dataset = find_dataset(self._engine, arguments.dataset)
        if dataset.kind == "view":
            raise InvalidArgument(f"{dataset.name} is a view: journal the tables it reads")
        table, actor = table_of(dataset), caller.principal.name

        def work(cursor: LakeCursor) -> str | None:
            column = _entity_column(cursor, table, dataset.name, arguments.entity_column)
            snapshot = cursor.rows(SQL["current"])[0][0]
            cursor.execute(SQL["switch"], [dataset.name, arguments.enabled, column, snapshot, actor])
            return column

        with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower()):
            column = self._journal.while_still(lambda: self._engine.commit(actor, f"journal of {dataset.name}", work))
        return [{"dataset": dataset.name, "enabled": arguments.enabled, "entity_column": column}]

    def append(self, caller: Caller, arguments: JournalAppend) -> Iterable[dict[str, Any]]:
        self._journal.append(caller.principal.name, [_appended(event) for event in arguments.events])
        return [{"event_count": len(arguments.events)}]

    def flush(self, _: Caller, __: NoArguments) -> Iterable[dict[str, Any]]:
        written, head = self._journal.flush()
        return [{"event_count": written, "sequence": head.sequence, "read_snapshot": head.read_snapshot}]

    def verify(self, _: Caller, __: NoArguments) -> Iterable[dict[str, Any]]:
        verdict = self._journal.verify()
        return [{"intact": verdict.problem is None, **vars(verdict)}]


def _appended(event: JournalEvent) -> Appended:
    occurred_at: datetime | None = event.occurred_at
    values = Values(event.key, event.old_value, event.new_value)
    return Appended(event.dataset, values, event.change, event.field, event.source, event.workspace, occurred_at)


def _entity_column(cursor: LakeCursor, table: str, dataset: str, named: str | None) -> str | None:
    """Raises InvalidArgument for a column that names nobody, or not those whom tombstones name; NotFound."""
    first = cursor.rows(TOMBSTONES["key"], [dataset])
    if named is None:
        return str(first[0][0]) if first else None
    columns = {name.lower(): (name, kind) for name, kind in columns_of(cursor, table)}
    if named.lower() not in columns:
        raise NotFound(f"{dataset} has no column {named!r}: it has {', '.join(name for name, _ in columns.values())}")
    name, kind = columns[named.lower()]
    if kind not in KEY_TYPES:
        raise InvalidArgument(f"column {name} is {kind}: an entity is named by text, an integer, a UUID or a date")
    if first and str(first[0][0]).lower() != name.lower():
        raise InvalidArgument(f"the tombstones of {dataset} name its subjects by {first[0][0]}: so must the journal")
    return name
