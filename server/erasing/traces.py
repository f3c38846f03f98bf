"""What an erasure looks for: keys, values that only the erased rows had, and documents of indexes over them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from server.erasure.keys import KeyColumn
from server.scanning.needles import Needles


@dataclass(frozen=True)
class Traces:
    """dataset: its name as catalog.datasets shows it. hmacs: digests of the erased keys. subjects: their texts, as far
    as they are known. keys: those of the subjects that no row of the dataset has any more.
    values: column → texts of values, as DuckDB casts them, that no row of the dataset has any more. documents: index →
    doc_ids. rows: how many were erased. snapshot: of the lake when everything was removed, None before.
    cascaded: those of the keys that are erased in derived tables too. derived: what that erases, an entry for each
    column that has the key, the values and rows of a table with its first.
    """

    dataset: str
    key_column: KeyColumn
    keys: tuple[str, ...]
    hmacs: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    values: Mapping[str, pa.StringArray] = field(default_factory=dict)
    documents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0
    snapshot: int | None = None
    cascaded: tuple[str, ...] = ()
    derived: tuple["Traces", ...] = ()

    @classmethod
    def joined(cls, found: Sequence["Traces"]) -> "Traces":
        """Of one dataset, the newest first. Rows of the same keys are counted once."""
        newest = found[0]
        known, rows = set(newest.hmacs), newest.rows
        for each in found[1:]:
            if known.isdisjoint(each.hmacs):
                rows += each.rows
            known |= set(each.hmacs)
        columns = dict.fromkeys(name for each in found for name in each.values)
        indexes = dict.fromkeys(name for each in found for name in each.documents)
        return replace(
            newest,
            keys=_distinct(each.keys for each in found),
            hmacs=_distinct(each.hmacs for each in found),
            subjects=_distinct(each.subjects for each in found),
            values={name: _all([each.values[name] for each in found if name in each.values]) for name in columns},
            documents={name: _distinct(each.documents.get(name, ()) for each in found) for name in indexes},
            rows=rows,
            cascaded=_distinct(each.cascaded for each in found),
            derived=_joined_derived([part for each in found for part in each.derived]),
        )

    @property
    def everywhere(self) -> list["Traces"]:
        """These, and those of the derived tables."""
        return [self, *self.derived]

    @cached_property
    def needles(self) -> Needles:
        """All of them, to be looked for in bytes."""
        return Needles.of(self.texts())

    @cached_property
    def key_needles(self) -> Needles:
        """The keys alone: what a place that has nothing to do with the dataset can be asked for."""
        return Needles.of(self.keys)

    def texts(self) -> Iterator[str]:
        """Keys and values, some more than once."""
        yield from self.keys
        for column in self.values.values():
            yield from (str(value) for value in column.to_pylist() if value is not None)


def _joined_derived(parts: Sequence[Traces]) -> tuple[Traces, ...]:
    """Those of the same column as one."""
    groups: dict[tuple[str, str], list[Traces]] = {}
    for part in parts:
        groups.setdefault((part.dataset.lower(), part.key_column.name.lower()), []).append(part)
    return tuple(Traces.joined(group) for group in groups.values())


def _distinct(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))


def _all(columns: Sequence[pa.StringArray]) -> pa.StringArray:
    joined: Any = pa.concat_arrays(list(columns))
    return joined.unique()  # type: ignore[no-any-return]
