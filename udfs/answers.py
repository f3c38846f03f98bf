"""rag: an answer from an index, with citations."""

from typing import Any

import duckdb
import pyarrow as pa

from server.answers.rag import Rag
from server.engine.context import Context, Contexts
from udfs.binding import SqlFunction, statement_function

CITATION = "STRUCT(n INTEGER, doc_id VARCHAR, chunk_id INTEGER, score FLOAT, quote VARCHAR)"
STRUCT = (
    f"answer VARCHAR, citations {CITATION}[], model VARCHAR, index_name VARCHAR, generation INTEGER, "
    "profile VARCHAR, took_ms DOUBLE"
)
ARROW = pa.list_(
    pa.struct(
        [
            ("answer", pa.string()),
            (
                "citations",
                pa.list_(
                    pa.struct(
                        [
                            ("n", pa.int32()),
                            ("doc_id", pa.string()),
                            ("chunk_id", pa.int32()),
                            ("score", pa.float32()),
                            ("quote", pa.string()),
                        ]
                    )
                ),
            ),
            ("model", pa.string()),
            ("index_name", pa.string()),
            ("generation", pa.int32()),
            ("profile", pa.string()),
            ("took_ms", pa.float64()),
        ]
    )
)

FUNCTIONS = [
    SqlFunction(
        "rag",
        "table",
        "rag(index VARCHAR, question VARCHAR, k := 5)"
        " -> answer, citations, model, index_name, generation, profile, took_ms",
        "One row: an answer to the question from the k nearest chunks, each claim cited. Without a chat model the"
        " answer is made of the sources' own sentences and `model` says so.",
        "SELECT answer, len(citations) FROM rag('python_reference', 'When does a finally clause run?')",
    )
]


def register(connection: duckdb.DuckDBPyConnection, contexts: Contexts, rag: Rag) -> None:
    def work(context: Context, names: list[Any], questions: list[Any], ks: list[Any]) -> list[list[dict[str, Any]]]:
        return [
            [rag.answer(name, question, k, context.cancelled.is_set).row()]
            for name, question, k in zip(names, questions, ks, strict=True)
        ]

    statement_function(
        connection, contexts, "__rag", ["VARCHAR", "VARCHAR", "BIGINT"], f"STRUCT({STRUCT})[]", ARROW, work
    )
