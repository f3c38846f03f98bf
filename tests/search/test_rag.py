"""rag without a chat model: sentences of the sources, each cited."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query
from tests.search.notes import ANIMALS, indexed_animals, make_index, make_texts


@pytest.fixture(scope="module")
def library(server: Server) -> str:
    with server.connect() as connection:
        indexed_animals(connection, "library")
    return "library"


def test_an_answer_quotes_the_sources_and_cites_each_quote(connection: dbapi.Connection, library: str) -> None:
    (row,) = query(connection, "SELECT * FROM rag('library', 'Where does the cat sleep?')").to_pylist()
    assert list(row) == ["answer", "citations", "model", "index_name", "generation", "profile", "took_ms"]
    first = row["citations"][0]
    assert first | {"score": 0} == {"n": 1, "doc_id": "1", "chunk_id": 0, "score": 0, "quote": ANIMALS[1]}
    assert f"{ANIMALS[1]} [1]" in row["answer"]
    assert (row["model"], row["index_name"], row["generation"]) == ("extractive (all-MiniLM-L6-v2)", "library", 1)
    assert row["profile"] is None
    assert row["took_ms"] > 0


def test_every_quote_stands_in_its_chunk_and_in_the_answer(connection: dbapi.Connection, library: str) -> None:
    (row,) = query(
        connection, "SELECT * FROM rag('library', 'What happened in parliament and on the stock market?')"
    ).to_pylist()
    assert {citation["doc_id"] for citation in row["citations"]} == {"4", "5"}
    for number, citation in enumerate(row["citations"], 1):
        assert citation["n"] == number
        assert citation["quote"] in ANIMALS[int(citation["doc_id"])]
        assert f"{citation['quote']} [{number}]" in row["answer"]


def test_a_question_that_the_sources_say_nothing_about_gets_no_answer(
    connection: dbapi.Connection, library: str
) -> None:
    (row,) = query(connection, "SELECT * FROM rag('library', 'submarine cable repair')").to_pylist()
    assert (row["answer"], row["citations"]) == ("Not in the sources.", [])


def test_rag_over_an_empty_index_says_so(connection: dbapi.Connection) -> None:
    make_texts(connection, "no_library", {})
    assert make_index(connection, "no_library")["row_count"] == 0
    (row,) = query(connection, "SELECT * FROM rag('no_library', 'Where does the cat sleep?')").to_pylist()
    assert (row["answer"], row["citations"], row["generation"]) == ("Not in the sources.", [], None)


def test_rag_answers_a_question_per_row(connection: dbapi.Connection, library: str) -> None:
    sql = """
        SELECT q.txt, r.citations[1].doc_id AS doc_id FROM (VALUES ('Who barks?'), ('Who swims in circles?')) q(txt),
        rag('library', q.txt, k := 1) r ORDER BY q.txt"""
    assert query(connection, sql)["doc_id"].to_pylist() == ["2", "3"]


def test_the_python_reference_tells_when_a_finally_clause_runs(connection: dbapi.Connection) -> None:
    query(connection, "CALL load_sample(name := 'python_reference')")
    query(
        connection, "CREATE TABLE try_topics AS FROM python_reference WHERE topic IN ('try', 'with', 'return', 'raise')"
    )
    make_index(connection, "try_topics", key_column="topic", text_columns=["title", "body"])
    (row,) = query(connection, "SELECT * FROM rag('try_topics', 'When does a finally clause run?')").to_pylist()
    assert "exception is temporarily saved" in row["answer"]
    assert {citation["doc_id"] for citation in row["citations"]} == {"try"}
