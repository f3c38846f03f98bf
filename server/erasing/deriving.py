"""Tables that lineage says were made from a dataset, and what tells which of their rows a key is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.catalog.datasets import Dataset, checked_name, dataset_name
from server.engine.cursor import LakeCursor
from server.gate.rules import RESERVED_PREFIX
from server.lineage.graph import Flow, Grade, flows_from
from server.sql.quoting import identifier

KEYS = "lakehouse_cascaded_keys"  # registered while rows are looked for: column value, texts


@dataclass(frozen=True)
class DerivedTable:
    """keys: columns that have values of the key column as they are. same: column →
    columns of the dataset whose values it has as they are. computed: of each row values were computed."""

    dataset: Dataset
    keys: tuple[str, ...]
    same: Mapping[str, tuple[str, ...]]
    computed: bool

    @property
    def name(self) -> str:
        """As catalog.datasets shows it."""
        return self.dataset.name


def derived_tables(cursor: LakeCursor, name: str, key_column: str) -> list[DerivedTable]:
    """Those that values of the dataset flow into, however many steps away, in the order of their names. What only
    decided about their rows is no value."""
    schema, table = checked_name(name)
    flows = flows_from(cursor, [name, dataset_name(schema, RESERVED_PREFIX + table)])
    groups: dict[Dataset, list[Flow]] = {}
    for flow in flows:
        groups.setdefault(flow.dataset, []).append(flow)
    return [_table(dataset, group, key_column.lower()) for dataset, group in groups.items()]


def _table(dataset: Dataset, flows: Sequence[Flow], key_column: str) -> DerivedTable:
    same: dict[str, tuple[str, ...]] = {}
    for flow in flows:
        if flow.grade is Grade.SAME and flow.column is not None and flow.source_column is not None:
            same[flow.column] = (*same.get(flow.column, ()), flow.source_column)
    keys = tuple(column for column, sources in same.items() if key_column in map(str.lower, sources))
    return DerivedTable(dataset, keys, same, any(flow.grade is Grade.COMPUTED for flow in flows))


def placed(name: str) -> Dataset:
    """A table by its dataset's name, whether it is there or not."""
    schema, _, table = name.rpartition(".")
    return Dataset(schema or "main", table, "table")


def has_key(keys: Sequence[str], columns: Mapping[str, str]) -> str:
    """An SQL condition: one of the columns has one of KEYS. Compared as values of the column's type, into which the key
    column's went. keys: those of them that are not among columns, name → type, are left out."""
    return " OR ".join(
        f"{identifier(name)} IN (SELECT TRY_CAST(value AS {kind}) FROM temp.main.{KEYS})"
        for name, kind in columns.items()
        if name.lower() in {key.lower() for key in keys}
    )
