"""Datasets by name: `t` in schema main, `schema.t` elsewhere."""

import difflib

from catalog_sql import named_queries
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound, PermissionDenied

SQL = named_queries("queries/ingest.sql")
CONTROL_SCHEMAS = frozenset({"catalog", "vectors", "deleted"})
NAME_CHARS_MAX = 200


def checked_name(dataset: str) -> tuple[str, str]:
    """(schema, table) of a dataset name. Raises InvalidArgument, or PermissionDenied for a control schema."""
    schema, _, table = dataset.rpartition(".")
    schema = schema or "main"
    if not table or len(dataset) > NAME_CHARS_MAX or any(c < " " or c in '"/\\' for c in dataset):
        raise InvalidArgument(f"{dataset[:80]!r} is no name of a dataset")
    if schema in CONTROL_SCHEMAS:
        raise PermissionDenied(f"schema {schema} is written by the server only")
    return schema, table


def find_dataset(engine: Engine, dataset: str) -> tuple[str, int | None]:
    """(kind, rows) of a dataset. Raises NotFound naming similar ones."""
    rows = engine.read(lambda cursor: cursor.rows(SQL["dataset"], [dataset]))
    if rows:
        return str(rows[0][1]), rows[0][2]
    names = [str(row[0]) for row in engine.read(lambda cursor: cursor.rows(SQL["dataset_names"]))]
    near = difflib.get_close_matches(dataset, names, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "see catalog.datasets"
    raise NotFound(f"there is no dataset {dataset!r}: {hint}")
