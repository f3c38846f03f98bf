"""What an erasure looks for: keys, values that only the erased rows had, and documents of indexes over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from server.erasure.keys import KeyColumn

NEEDLE_BYTES_MIN = 8  # shorter values are in any file by chance


@dataclass(frozen=True)
class Traces:
    """dataset: its name as catalog.datasets shows it. keys: their texts. hmacs: their digests, in the same order.
    values: column → texts of values, as DuckDB casts them, that no row of the dataset has any more. documents: index →
    doc_ids. rows: how many were erased.
    """

    dataset: str
    key_column: KeyColumn
    keys: tuple[str, ...]
    hmacs: tuple[str, ...]
    values: Mapping[str, pa.StringArray] = field(default_factory=dict)
    documents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0

    def texts(self) -> Iterator[str]:
        """Keys and values, some more than once."""
        yield from self.keys
        for column in self.values.values():
            yield from (str(value) for value in column.to_pylist() if value is not None)
