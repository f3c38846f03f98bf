"""Keys that people declare. DuckLake has no constraints, so these describe datasets for tools that draw joins and edit
rows by their key; nothing enforces them. They hold for a table and its columns, whatever those are renamed to, and are
gone with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import Field

from server.catalog.datasets import Dataset, find_dataset
from server.catalog.key_checks import SQL, check_comparable, check_references, check_unique
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

COLUMNS_MAX = 100
NAME = Field(None, min_length=1, max_length=200, description="Name of the key; made of the table's if left out.")
VERIFY = Field(False, description="Check the rows first, and refuse with the counts of those that break the key.")


class DeclarePrimaryKey(Arguments):
    dataset: str = Field(description="Dataset whose rows the key tells apart.")
    columns: list[str] = Field(min_length=1, max_length=COLUMNS_MAX, description="Columns of the key, in order.")
    name: str | None = NAME
    verify: bool = VERIFY


class DeclareForeignKey(Arguments):
    dataset: str = Field(description="Dataset whose rows refer to another's.")
    columns: list[str] = Field(min_length=1, max_length=COLUMNS_MAX, description="Columns that refer, in order.")
    references_dataset: str = Field(description="Dataset that they refer to.")
    references_columns: list[str] | None = Field(
        None, min_length=1, max_length=COLUMNS_MAX, description="Columns there; its declared primary key if left out."
    )
    name: str | None = NAME
    verify: bool = VERIFY


class DropPrimaryKey(Arguments):
    dataset: str = Field(description="Dataset whose primary key is declared no more.")


class DropForeignKey(Arguments):
    dataset: str = Field(description="Dataset whose rows refer.")
    name: str = Field(description="Name of the foreign key.")


PRIMARY = schema_of(dataset=pa.string(), key_name=pa.string(), column_names=pa.list_(pa.string()), verified=pa.bool_())
FOREIGN = schema_of(
    dataset=pa.string(),
    key_name=pa.string(),
    column_names=pa.list_(pa.string()),
    referenced_dataset=pa.string(),
    referenced_column_names=pa.list_(pa.string()),
    verified=pa.bool_(),
)
DROPPED = schema_of(dataset=pa.string(), key_name=pa.string())


@dataclass(frozen=True)
class Side:
    """Columns of one dataset as DuckLake knows them: names in their own letter case, numbers that a rename keeps."""

    dataset: Dataset
    table_id: int
    names: list[str]
    ids: list[int]


class Keys:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "declare_primary_key",
                "Declare which columns tell a dataset's rows apart, in place of those declared before. Not enforced.",
                DeclarePrimaryKey,
                PRIMARY,
                self._declare_primary,
            ),
            Operation(
                "declare_foreign_key",
                "Declare which columns refer to another dataset's rows, in place of a key of that name. Not enforced.",
                DeclareForeignKey,
                FOREIGN,
                self._declare_foreign,
            ),
            Operation(
                "drop_primary_key",
                "Declare a dataset's primary key no more.",
                DropPrimaryKey,
                DROPPED,
                self._drop_primary,
            ),
            Operation(
                "drop_foreign_key", "Declare a foreign key no more.", DropForeignKey, DROPPED, self._drop_foreign
            ),
        ]

    def _declare_primary(self, caller: Caller, arguments: DeclarePrimaryKey) -> list[dict[str, Any]]:
        dataset = self._table(arguments.dataset)
        name = arguments.name or f"{dataset.table}_pkey"

        def work(cursor: LakeCursor) -> list[str]:
            side = _side(cursor, dataset, arguments.columns)
            if arguments.verify:
                check_unique(cursor, dataset, side.names)
            _record(cursor, "primary", name, side, None, caller, verified=arguments.verify)
            return side.names

        columns = self._commit(caller, dataset, f"primary key of {dataset.name}", work)
        shown = {"dataset": dataset.name, "key_name": name, "column_names": columns, "verified": arguments.verify}
        return [shown]

    def _declare_foreign(self, caller: Caller, arguments: DeclareForeignKey) -> list[dict[str, Any]]:
        dataset, parent = self._table(arguments.dataset), self._table(arguments.references_dataset)

        def work(cursor: LakeCursor) -> dict[str, Any]:
            side = _side(cursor, dataset, arguments.columns)
            referenced = _side(cursor, parent, arguments.references_columns or _primary_key(cursor, parent)[1])
            if len(side.ids) != len(referenced.ids):
                raise InvalidArgument(
                    f"{len(side.ids)} columns of {dataset.name} can't refer to {len(referenced.ids)} of {parent.name}: "
                    f"{', '.join(referenced.names)}"
                )
            name = arguments.name or f"{dataset.table}_{'_'.join(side.names)}_fkey"
            check = check_references if arguments.verify else check_comparable
            check(cursor, dataset, side.names, parent, referenced.names)
            _record(cursor, "foreign", name, side, referenced, caller, verified=arguments.verify)
            return {
                "key_name": name,
                "column_names": side.names,
                "referenced_dataset": parent.name,
                "referenced_column_names": referenced.names,
            }

        shown = self._commit(caller, dataset, f"foreign key of {dataset.name}", work)
        return [{"dataset": dataset.name, "verified": arguments.verify} | shown]

    def _drop_primary(self, caller: Caller, arguments: DropPrimaryKey) -> list[dict[str, Any]]:
        dataset = self._table(arguments.dataset)

        def work(cursor: LakeCursor) -> str:
            name, columns = _primary_key(cursor, dataset)
            _record(cursor, "primary", name, _side(cursor, dataset, columns), None, caller, dropped=True)
            return name

        name = self._commit(caller, dataset, f"primary key of {dataset.name} dropped", work)
        return [{"dataset": dataset.name, "key_name": name}]

    def _drop_foreign(self, caller: Caller, arguments: DropForeignKey) -> list[dict[str, Any]]:
        dataset = self._table(arguments.dataset)

        def work(cursor: LakeCursor) -> str:
            rows = cursor.rows(SQL["foreign_keys"], [dataset.schema, dataset.table])
            found = next((row for row in rows if row[0].lower() == arguments.name.lower()), None)
            if found is None:
                names = ", ".join(row[0] for row in rows) or "none"
                raise NotFound(f"{dataset.name} has no declared foreign key {arguments.name!r}: it has {names}")
            _record(cursor, "foreign", found[0], _side(cursor, dataset, found[1]), None, caller, dropped=True)
            return str(found[0])

        name = self._commit(caller, dataset, f"foreign key of {dataset.name} dropped", work)
        return [{"dataset": dataset.name, "key_name": name}]

    def _table(self, name: str) -> Dataset:
        dataset = find_dataset(self._engine, name)
        if dataset.kind != "table":
            raise InvalidArgument(f"{dataset.name} is a {dataset.kind}: keys are declared on tables")
        return dataset

    def _commit(self, caller: Caller, dataset: Dataset, message: str, work: Callable[[LakeCursor], Any]) -> Any:
        """One change of a dataset's keys at a time; writers of its rows go on."""
        with self._engine.locks.holding(f"keys:{dataset.schema}.{dataset.table}".lower()):
            return self._engine.commit(caller.principal.name, message, work)


def _side(cursor: LakeCursor, dataset: Dataset, columns: Sequence[str]) -> Side:
    """Raises NotFound for a column that is not there, InvalidArgument for one that comes twice."""
    tables = cursor.rows(SQL["table_id"], [dataset.schema, dataset.table])
    if not tables:
        raise NotFound(f"there is no dataset {dataset.name!r} any more")
    [(table_id,)] = tables
    found = {name.lower(): (name, number) for name, number in cursor.rows(SQL["columns"], [table_id])}
    for column in columns:
        if column.lower() not in found:
            has = ", ".join(name for name, _ in found.values())
            raise NotFound(f"{dataset.name} has no column {column!r}: it has {has}")
    if len({column.lower() for column in columns}) < len(columns):
        raise InvalidArgument("a column stands in a key once")
    chosen = [found[column.lower()] for column in columns]
    return Side(dataset, table_id, [name for name, _ in chosen], [number for _, number in chosen])


def _primary_key(cursor: LakeCursor, dataset: Dataset) -> tuple[str, list[str]]:
    """Name and columns of the declared one. Raises NotFound."""
    rows = cursor.rows(SQL["primary_key"], [dataset.schema, dataset.table])
    if not rows:
        raise NotFound(f"{dataset.name} has no declared primary key")
    return str(rows[0][0]), list(rows[0][1])


def _record(
    cursor: LakeCursor,
    kind: str,
    name: str,
    side: Side,
    referenced: Side | None,
    caller: Caller,
    verified: bool = False,
    dropped: bool = False,
) -> None:
    there: list[Any] = [None] * 4
    if referenced is not None:
        there = [referenced.dataset.name, referenced.table_id, referenced.names, referenced.ids]
    here = [kind, name, side.dataset.name, side.table_id, side.names, side.ids]
    cursor.execute(SQL["record"], [*here, *there, verified, dropped, caller.principal.name])
