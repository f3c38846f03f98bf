"""vector_search: the nearest chunks of an index, by text or by vector."""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from server.engine.context import Context, Contexts
from server.vectors.search import Query, VectorSearch
from udfs.binding import SqlFunction, statement_function, value_function

STRUCT = (
    "rank INTEGER, score FLOAT, doc_id VARCHAR, chunk_id INTEGER, chunk_text VARCHAR, generation INTEGER, plan VARCHAR"
)
ARROW = pa.list_(
    pa.struct(
        [
            ("rank", pa.int32()),
            ("score", pa.float32()),
            ("doc_id", pa.string()),
            ("chunk_id", pa.int32()),
            ("chunk_text", pa.string()),
            ("generation", pa.int32()),
            ("plan", pa.string()),
        ]
    )
)

FUNCTIONS = [
    SqlFunction(
        "vector_search",
        "table",
        "vector_search(index VARCHAR, query VARCHAR | FLOAT[], k := 10)"
        " -> rank, score, doc_id, chunk_id, chunk_text, generation, plan",
        "The k chunks of an index nearest to a text or to a vector, best first. Score: larger is better. A NULL or"
        " empty query, a k below 1 and an unknown index are errors.",
        "SELECT rank, score, doc_id FROM vector_search('python_reference', 'exception groups', k := 3)",
    )
]


def register(connection: duckdb.DuckDBPyConnection, contexts: Contexts, search: VectorSearch) -> None:
    """By text many rows at once, so that one call embeds them all; by vector row by row, since nothing is embedded."""

    def by_text(context: Context, names: list[Any], texts: list[Any], ks: list[Any]) -> list[Any]:
        keys = list(zip(names, ks, strict=True))
        return grouped(keys, texts, lambda key, batch: rows(context, key[0], key[1], batch))

    def by_vector(
        context: Context, name: str | None, vector: list[float] | None, k: int | None
    ) -> list[dict[str, Any]]:
        return rows(context, name, k, [vector])[0]

    def rows(
        context: Context, name: str | None, k: int | None, queries: Sequence[Query | None]
    ) -> list[list[dict[str, Any]]]:
        found = search.search(name, queries, k, context.cancelled.is_set)
        return [[vars(match) for match in matches] for matches in found]

    returns = f"STRUCT({STRUCT})[]"
    arguments = ["VARCHAR", "VARCHAR", "BIGINT"]
    statement_function(connection, contexts, "__search_by_text", arguments, returns, ARROW, by_text)
    value_function(connection, contexts, "__search_by_vector", ["VARCHAR", "FLOAT[]", "BIGINT"], returns, by_vector)


def grouped(
    keys: Sequence[Any], queries: Sequence[Query | None], run: Callable[[Any, list[Query | None]], list[Any]]
) -> list[Any]:
    """Run once per distinct key over all its queries; results in the order of the rows."""
    rows_of: dict[Any, list[int]] = {}
    for row, key in enumerate(keys):
        rows_of.setdefault(key, []).append(row)
    results: list[Any] = [None] * len(keys)
    for key, rows in rows_of.items():
        for row, result in zip(rows, run(key, [queries[row] for row in rows]), strict=True):
            results[row] = result
    return results
