"""embed and chunk_text: what an index does with text, as scalar functions."""

from typing import Any

import duckdb
import pyarrow as pa

from server.ai.registry import Providers
from server.engine.context import Context, Contexts
from server.errors import InvalidArgument, LimitExceeded
from server.vectors.chunking import chunk_text
from udfs.binding import SqlFunction, statement_function
from udfs.search import grouped

FUNCTIONS = [
    SqlFunction(
        "embed",
        "scalar",
        "embed(text VARCHAR [, model VARCHAR]) -> FLOAT[]",
        "The text's vector, of unit length. NULL for NULL; an empty text is an error. The model is the configured one"
        " unless named.",
        "SELECT len(embed('a finally clause'))",
    ),
    SqlFunction(
        "chunk_text",
        "scalar",
        "chunk_text(text VARCHAR, size INTEGER, overlap INTEGER) -> VARCHAR[]",
        "The text cut into chunks of whole sentences, at most size characters each, neighbours sharing up to overlap"
        " characters. NULL for a NULL text.",
        "SELECT chunk_text('One sentence here. And another one there, a little longer.', 50, 0)",
    ),
]


def register(
    connection: duckdb.DuckDBPyConnection, contexts: Contexts, providers: Providers, query_chars_max: int
) -> None:
    def embed(context: Context, texts: list[Any], models: list[Any]) -> list[Any]:
        for text in texts:
            if text is not None and len(text) > query_chars_max:
                raise LimitExceeded("query_chars_max", f"a text has {len(text)} characters")

        def run(key: Any, batch: list[Any]) -> list[Any]:
            model, is_null = key
            if is_null:
                return batch
            provider = providers.embedding if model is None else providers.for_model(model)
            distinct = list(dict.fromkeys(batch))
            vectors = dict(zip(distinct, provider.embed(distinct, context.cancelled.is_set), strict=True))
            return [vectors[text] for text in batch]

        return grouped([(m, t is None) for m, t in zip(models, texts, strict=True)], texts, run)

    def chunk(_: Context, texts: list[Any], sizes: list[Any], overlaps: list[Any]) -> list[Any]:
        if any(number is None for number in (*sizes, *overlaps)):
            raise InvalidArgument("size and overlap of chunk_text are not NULL")
        return [
            None if text is None else chunk_text(text, size, overlap)
            for text, size, overlap in zip(texts, sizes, overlaps, strict=True)
        ]

    vector, chunks = pa.list_(pa.float32()), pa.list_(pa.string())
    statement_function(connection, contexts, "__embed", ["VARCHAR", "VARCHAR"], "FLOAT[]", vector, embed)
    numbers = ["INTEGER", "INTEGER"]
    statement_function(connection, contexts, "__chunk_text", ["VARCHAR", *numbers], "VARCHAR[]", chunks, chunk)
