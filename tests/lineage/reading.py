"""What the catalog says about lineage, in few words."""

from typing import Any

from adbc_driver_manager import dbapi

from tests.harness import query
from tests.lineage.cases import NAMES

Edges = dict[str, frozenset[str]]
COLUMNS = "target_dataset, target_column, source_dataset, source_column, transformation"


def edges_into(connection: dbapi.Connection, dataset: str) -> frozenset[str]:
    """`column < source.column HOW` for each; `*` for all of a dataset."""
    sql = f"SELECT {COLUMNS} FROM catalog.lineage WHERE target_dataset = ?"
    return frozenset(map(_told, query(connection, sql, (dataset,)).to_pylist()))


def all_edges(connection: dbapi.Connection) -> Edges:
    """Of each dataset that has any."""
    found: dict[str, set[str]] = {}
    for row in query(connection, f"SELECT {COLUMNS} FROM catalog.lineage").to_pylist():
        found.setdefault(row["target_dataset"], set()).add(_told(row))
    return {dataset: frozenset(edges) for dataset, edges in found.items()}


def _told(row: dict[str, Any]) -> str:
    source = NAMES.get(row["source_dataset"], row["source_dataset"])
    column, how = row["source_column"] or "*", row["transformation"] or "NONE"
    return f"{row['target_column'] or '*'} < {source}.{column} {how}"
