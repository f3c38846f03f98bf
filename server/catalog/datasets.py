"""Datasets by name: `t` in schema main, `schema.t` elsewhere; letter case does not tell names apart, as in DuckDB."""

import difflib
from dataclasses import dataclass

from catalog_sql import named_queries
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound, PermissionDenied

SQL = named_queries("queries/ingest.sql")
CONTROL_SCHEMAS = frozenset({"catalog", "vectors", "deleted"})
NAME_CHARS_MAX = 200


@dataclass(frozen=True)
class Dataset:
    """A dataset that is there. schema and table: in the letter case that they were made with. kind: table or view."""

    schema: str
    table: str
    kind: str

    @property
    def name(self) -> str:
        return dataset_name(self.schema, self.table)


def dataset_name(schema: str, table: str) -> str:
    """The name as `catalog.datasets` shows it."""
    return table if schema.lower() == "main" else f"{schema}.{table}"


def checked_name(dataset: str) -> tuple[str, str]:
    """(schema, table) of a dataset name. Raises InvalidArgument, or PermissionDenied for a control schema."""
    schema, _, table = dataset.rpartition(".")
    schema = schema or "main"
    bad = any(c < " " or c in '"/\\' for c in dataset) or "." in schema
    if not table or len(dataset) > NAME_CHARS_MAX or bad:
        raise InvalidArgument(f"{dataset[:80]!r} is no name of a dataset")
    if schema.lower() in CONTROL_SCHEMAS:
        raise PermissionDenied(f"schema {schema} is written by the server only")
    return schema, table


def existing_dataset(engine: Engine, schema: str, table: str) -> Dataset | None:
    rows = engine.read(lambda cursor: cursor.rows(SQL["existing"], [schema, table]))
    return Dataset(*rows[0]) if rows else None


def find_dataset(engine: Engine, dataset: str) -> Dataset:
    """The dataset of this name. Raises NotFound naming similar ones, and what `checked_name` raises."""
    if found := existing_dataset(engine, *checked_name(dataset)):
        return found
    names = [str(row[0]) for row in engine.read(lambda cursor: cursor.rows(SQL["dataset_names"]))]
    near = difflib.get_close_matches(dataset, names, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "see catalog.datasets"
    raise NotFound(f"there is no dataset {dataset!r}: {hint}")
