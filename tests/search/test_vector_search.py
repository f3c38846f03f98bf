"""vector_search by text and by vector, alone and beside other tables."""

import numpy as np
import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query
from tests.search.notes import ANIMALS, documents, indexed_animals, make_index, make_texts


@pytest.fixture(scope="module")
def animals(server: Server) -> str:
    with server.connect() as connection:
        indexed_animals(connection, "animals")
    return "animals"


def test_a_text_finds_what_it_means_best_first(connection: dbapi.Connection, animals: str) -> None:
    rows = query(connection, f"SELECT * FROM vector_search('{animals}', 'kitten napping', k := 3)").to_pylist()
    assert list(rows[0]) == ["rank", "score", "doc_id", "chunk_id", "chunk_text", "generation", "plan"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert rows[0] | {"score": 0} == {
        "rank": 1,
        "score": 0,
        "doc_id": "1",
        "chunk_id": 0,
        "chunk_text": ANIMALS[1],
        "generation": 1,
        "plan": "exact",
    }


def test_a_text_and_its_vector_find_the_same(connection: dbapi.Connection, animals: str) -> None:
    by_text = documents(connection, animals, "money and politics")
    by_vector = query(
        connection, f"SELECT doc_id FROM vector_search('{animals}', embed('money and politics')) ORDER BY rank"
    )
    assert by_text == by_vector["doc_id"].to_pylist()
    assert set(by_text[:2]) == {"4", "5"}


@pytest.mark.parametrize("cast", ["FLOAT[]", "DOUBLE[]", "FLOAT[384]"])
def test_a_vector_may_have_any_type_of_list(connection: dbapi.Connection, animals: str, cast: str) -> None:
    sql = f"SELECT doc_id FROM vector_search('{animals}', embed('barking')::{cast}, k := 1)"
    assert query(connection, sql).to_pylist() == [{"doc_id": "2"}]


def test_index_text_and_k_can_be_bound(connection: dbapi.Connection, animals: str) -> None:
    assert documents(connection, animals, "aquarium", 1) == ["3"]


def test_a_vector_can_be_bound(connection: dbapi.Connection, animals: str) -> None:
    vector = query(connection, "SELECT embed('aquarium') AS v")["v"][0].as_py()
    assert documents(connection, animals, vector, 1) == ["3"]


def test_names_of_indexes_are_found_in_any_case(connection: dbapi.Connection, animals: str) -> None:
    assert documents(connection, animals.upper(), "aquarium", 1) == ["3"]


def test_k_beyond_the_rows_gives_all_rows(connection: dbapi.Connection, animals: str) -> None:
    assert len(documents(connection, animals, "anything", 1000)) == len(ANIMALS)


def test_each_row_of_another_table_asks_its_own_question(connection: dbapi.Connection, animals: str) -> None:
    sql = f"""
        SELECT q.id, s.doc_id FROM (VALUES (1, 'barking'), (2, 'aquarium'), (3, 'barking')) q(id, txt),
        vector_search('{animals}', q.txt, k := 1) s ORDER BY q.id"""
    assert [(row["id"], row["doc_id"]) for row in query(connection, sql).to_pylist()] == [(1, "2"), (2, "3"), (3, "2")]


def test_lateral_search_gives_k_rows_for_each_of_many_questions(connection: dbapi.Connection, animals: str) -> None:
    sql = f"""
        SELECT count(*) AS n, count(DISTINCT q.i) AS questions
        FROM (SELECT i, 'word ' || (i % 7) AS txt FROM range(3000) t(i)) q, vector_search('{animals}', q.txt, k := 2)"""
    assert query(connection, sql).to_pylist() == [{"n": 6000, "questions": 3000}]


def test_lateral_search_by_a_column_of_vectors(connection: dbapi.Connection, animals: str) -> None:
    sql = f"""
        SELECT q.txt, s.doc_id FROM (SELECT txt, embed(txt) AS v FROM (VALUES ('barking'), ('aquarium')) t(txt)) q,
        vector_search('{animals}', q.v, k := 1) s ORDER BY 1"""
    assert query(connection, sql)["doc_id"].to_pylist() == ["3", "2"]


def test_results_join_the_dataset_they_come_from(connection: dbapi.Connection, animals: str) -> None:
    sql = f"""
        SELECT a.body FROM vector_search('{animals}', 'postman', k := 1) s
        JOIN {animals} a ON a.id::VARCHAR = s.doc_id"""
    assert query(connection, sql).to_pylist() == [{"body": ANIMALS[2]}]


def test_a_long_document_is_found_by_the_chunk_that_matters(connection: dbapi.Connection) -> None:
    filler = "The committee met on a grey day and spoke about chairs for a while. " * 20
    make_texts(connection, "long_one", {7: filler + "A comet crossed the night sky. " + filler})
    made = make_index(connection, "long_one", chunk_size=200, chunk_overlap=0)
    assert made["row_count"] > 5
    (row,) = query(connection, "SELECT * FROM vector_search('long_one', 'astronomy', k := 1)").to_pylist()
    assert "comet" in row["chunk_text"]
    assert row["doc_id"] == "7"
    assert row["chunk_id"] > 0


def test_several_text_columns_make_one_text(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE two_columns AS SELECT 'k' AS id, 'Volcanoes' AS title, 'They erupt.' AS body")
    make_index(connection, "two_columns", text_columns=["title", "body"])
    (row,) = query(connection, "SELECT chunk_text FROM vector_search('two_columns', 'lava')").to_pylist()
    assert row["chunk_text"] == "Volcanoes\n\nThey erupt."


def test_inner_product_and_l2_rank_as_sql_does(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE corners AS SELECT i AS id, [i::FLOAT, 10 - i, 1] AS vec FROM range(1, 10) t(i)",
    )
    for metric, order in {"l2": "list_distance(vec, q)", "inner_product": "-list_inner_product(vec, q)"}.items():
        query(
            connection,
            f"CALL create_index(name := 'corner_{metric}', dataset := 'corners', key_column := 'id', "
            f"vector_column := 'vec', metric := '{metric}', wait := true)",
        )
        expected = query(
            connection, f"SELECT id::VARCHAR AS id FROM corners, (SELECT [3.2, 6.1, 2]::FLOAT[] AS q) ORDER BY {order}"
        )
        assert documents(connection, f"corner_{metric}", [3.2, 6.1, 2.0]) == expected["id"].to_pylist()


def test_hnsw_recall_at_10_is_at_least_0_99(connection: dbapi.Connection) -> None:
    generator = np.random.default_rng(7)
    centres = generator.normal(size=(50, 32))
    vectors = (centres[generator.integers(0, 50, 10_000)] + 0.3 * generator.normal(size=(10_000, 32))).astype("float32")
    table = pa.table({"id": pa.array(range(10_000)), "vec": pa.array(list(vectors), pa.list_(pa.float32()))})
    with connection.cursor() as cursor:
        cursor.adbc_ingest("many_points", table, mode="create")
    made = make_index(connection, "many_points", vector_column="vec", index_type="hnsw")
    assert (made["plan"], made["row_count"]) == ("hnsw", 10_000)
    sql = """
        WITH asked AS (SELECT id AS asked, vec FROM many_points WHERE id % 500 = 0),
        exact AS (
            SELECT asked, unnest(min_by(p.id::VARCHAR, list_cosine_distance(p.vec, asked.vec), 10)) AS doc_id
            FROM asked, many_points p GROUP BY asked),
        found AS (SELECT asked, doc_id, plan FROM asked, vector_search('many_points', asked.vec, k := 10))
        SELECT (SELECT count(*) FROM exact SEMI JOIN found USING (asked, doc_id)) / 200 AS recall,
            (SELECT list(DISTINCT plan) FROM found) AS plans, (SELECT count(*) FROM found) AS found"""
    (row,) = query(connection, sql).to_pylist()
    assert row["plans"] == ["hnsw"]
    assert row["found"] == 200
    assert row["recall"] >= 0.99
