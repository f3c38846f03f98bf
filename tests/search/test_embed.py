"""embed and chunk_text, the scalar functions."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import query


def test_embed_gives_a_unit_vector_of_the_models_dimension(connection: dbapi.Connection) -> None:
    sql = "SELECT len(v) AS n, sqrt(list_sum([x * x for x in v])) AS length FROM (SELECT embed('a cat') AS v)"
    (row,) = query(connection, sql).to_pylist()
    assert row["n"] == 384
    assert row["length"] == pytest.approx(1, abs=1e-5)


def test_texts_of_like_meaning_are_nearer_than_others(connection: dbapi.Connection) -> None:
    sql = """
        SELECT list_inner_product(embed('a cat sleeps'), embed('the kitten naps')) AS near,
            list_inner_product(embed('a cat sleeps'), embed('interest rates rise')) AS far"""
    (row,) = query(connection, sql).to_pylist()
    assert row["near"] > row["far"] + 0.2


def test_embed_of_null_is_null_beside_rows_that_are_not(connection: dbapi.Connection) -> None:
    sql = (
        "SELECT i, embed(txt) IS NULL AS missing FROM (VALUES (1, 'word'), (2, NULL), (3, 'word')) t(i, txt) ORDER BY i"
    )
    assert query(connection, sql)["missing"].to_pylist() == [False, True, False]


def test_the_same_text_has_the_same_vector_in_any_company(connection: dbapi.Connection) -> None:
    sql = """
        SELECT count(DISTINCT v) AS n FROM (
            SELECT embed(CASE WHEN i % 2 = 0 THEN 'one text' ELSE 'filler ' || i END) AS v, i FROM range(64) t(i))
        WHERE i % 2 = 0"""
    assert query(connection, sql).to_pylist() == [{"n": 1}]


def test_the_model_can_be_named(connection: dbapi.Connection) -> None:
    sql = "SELECT embed('a cat', 'all-MiniLM-L6-v2') = embed('a cat') AS same"
    assert query(connection, sql).to_pylist() == [{"same": True}]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("embed('')", "blank"),
        ("embed(' ')", "blank"),
        ("embed('x', 'gpt-9')", "model gpt-9 is not configured here: this server embeds with all-MiniLM-L6-v2"),
        ("embed(repeat('x', 100001))", "bound: query_chars_max"),
        ("chunk_text('x', NULL, 0)", "not NULL"),
        ("chunk_text('x', 10, 0)", "the least is 50"),
        ("chunk_text('x', 50, 50)", "overlap of 50"),
        ("chunk_text('x', 50, -1)", "overlap of -1"),
    ],
)
def test_wrong_arguments_are_refused(connection: dbapi.Connection, call: str, message: str) -> None:
    with pytest.raises(dbapi.Error, match=message):
        query(connection, f"SELECT {call}")


def test_chunk_text_cuts_between_sentences(connection: dbapi.Connection) -> None:
    text = "The first sentence is here. The second one follows it. A third ends the text."
    (row,) = query(connection, "SELECT chunk_text(?, 60, 0) AS chunks", (text,)).to_pylist()
    assert row["chunks"] == ["The first sentence is here. The second one follows it.", "A third ends the text."]
    assert query(connection, "SELECT chunk_text(NULL, 60, 0) AS chunks").to_pylist() == [{"chunks": None}]
