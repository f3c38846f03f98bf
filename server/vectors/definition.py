"""What an index is: its dataset, columns, model and search settings, as stored in the control tables."""

from dataclasses import dataclass, fields
from typing import Any

from server.engine.location import LAKE
from server.sql.quoting import identifier, qualified

BROUGHT_ALONG = "brought along"  # the model of vectors that came with the data


@dataclass(frozen=True)
class IndexDefinition:
    """Fields are in the order of the columns of `vector_index_events`."""

    index_name: str
    dataset: str
    key_column: str
    text_columns: list[str] | None
    vector_column: str | None
    metric: str
    model: str
    dimension: int | None
    index_type: str
    chunk_size: int
    chunk_overlap: int
    hnsw_m: int
    ef_construction: int
    ef_search: int

    def values(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def embeddings(self) -> str:
        """The quoted name of its table of embeddings."""
        return qualified(LAKE, "vectors", self.index_name)

    @property
    def source(self) -> str:
        return dataset_name(self.dataset)

    def text(self) -> str:
        """An SQL expression of a row's text: its text columns, parted by an empty line."""
        columns = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in self.text_columns or [])
        return f"concat_ws(chr(10) || chr(10), {columns})"


def dataset_name(dataset: str) -> str:
    """Quote a dataset's name: `t` in schema main, or `schema.t`."""
    schema, _, table = dataset.rpartition(".")
    return qualified(LAKE, schema or "main", table)
