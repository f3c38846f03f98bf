"""What is asked wrongly is answered in words that help, and changes nothing."""

from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query
from tests.search.notes import documents, indexed_animals, make_index, make_texts


@pytest.fixture(scope="module")
def zoo(server: Server) -> str:
    with server.connect() as connection:
        indexed_animals(connection, "zoo")
        query(connection, "CREATE TABLE zoo_points AS SELECT i AS id, [i::FLOAT, 1] AS vec FROM range(4) t(i)")
        make_index(connection, "zoo_points", vector_column="vec")
    return "zoo"


def refused(connection: dbapi.Connection, sql: str, match: str, parameters: Any = None) -> None:
    """The statement fails with this message, and the connection works on."""
    with pytest.raises(dbapi.Error, match=match) as caught:
        query(connection, sql, parameters)
    assert "Traceback" not in str(caught.value)
    assert query(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.parametrize("function", ["vector_search", "rag"])
def test_an_unknown_index_is_answered_with_those_that_exist(
    connection: dbapi.Connection, zoo: str, function: str
) -> None:
    refused(
        connection, f"SELECT * FROM {function}('zoos', 'cat')", r"no index 'zoos'; there are: .*zoo, .*\[not_found\]"
    )


def test_refreshing_or_dropping_an_unknown_index_names_those_that_exist(connection: dbapi.Connection, zoo: str) -> None:
    refused(connection, "CALL refresh_index(name := 'zoos')", r"no index 'zoos'; there are: .*zoo")
    refused(connection, "CALL drop_index(name := 'zoos')", r"no index 'zoos'; there are: .*zoo")


@pytest.mark.parametrize("function", ["vector_search", "rag"])
@pytest.mark.parametrize("k", [0, -3])
def test_k_below_1_is_refused(connection: dbapi.Connection, zoo: str, function: str, k: int) -> None:
    refused(connection, f"SELECT * FROM {function}('zoo', 'cat', k := {k})", rf"k is {k}, must be 1 or more")


@pytest.mark.parametrize("function", ["vector_search", "rag"])
def test_k_null_is_refused(connection: dbapi.Connection, zoo: str, function: str) -> None:
    refused(connection, f"SELECT * FROM {function}('zoo', 'cat', k := NULL)", "k is NULL")


@pytest.mark.parametrize(("function", "bound"), [("vector_search", "search_k_max"), ("rag", "rag_k_max")])
def test_k_above_the_limit_names_the_setting(connection: dbapi.Connection, zoo: str, function: str, bound: str) -> None:
    limit = int(query(connection, "SELECT value FROM catalog.settings WHERE name = ?", (bound,))["value"][0].as_py())
    sql = f"SELECT * FROM {function}('zoo', 'cat', k := {{}})"
    refused(connection, sql.format(limit + 1), rf"k is {limit + 1}, at most {limit} is allowed \(bound: {bound}\)")
    assert query(connection, sql.format(limit)).num_rows >= 1


@pytest.mark.parametrize("function", ["vector_search", "rag"])
@pytest.mark.parametrize("text", ["NULL", "''", "' \t\n'", "NULL::VARCHAR"])
def test_a_missing_or_empty_text_is_refused(connection: dbapi.Connection, zoo: str, function: str, text: str) -> None:
    refused(connection, f"SELECT * FROM {function}('zoo', {text})", r"the query is NULL or empty \[invalid_argument\]")


def test_one_missing_text_among_rows_is_refused(connection: dbapi.Connection, zoo: str) -> None:
    sql = "SELECT * FROM (VALUES ('cat'), (NULL)) q(txt), vector_search('zoo', q.txt)"
    refused(connection, sql, "the query is NULL or empty")


@pytest.mark.parametrize("function", ["vector_search", "rag"])
def test_a_null_index_is_refused(connection: dbapi.Connection, zoo: str, function: str) -> None:
    refused(connection, f"SELECT * FROM {function}(NULL, 'cat')", "the index name is NULL")


def test_a_text_longer_than_the_limit_names_the_setting(connection: dbapi.Connection, zoo: str) -> None:
    refused(connection, "SELECT * FROM vector_search('zoo', repeat('x', 100001))", "bound: query_chars_max")


@pytest.mark.parametrize("vector", ["[0.1, 0.2]", "[]", "embed('x')[:383]", "embed('x') || [0.5]"])
def test_a_vector_of_another_dimension_is_refused(connection: dbapi.Connection, zoo: str, vector: str) -> None:
    refused(
        connection, f"SELECT * FROM vector_search('zoo', {vector})", r"holds vectors of 384 dimensions.*\[dimension_"
    )


def test_vectors_of_two_lengths_in_one_statement_are_refused(connection: dbapi.Connection, zoo: str) -> None:
    sql = "SELECT * FROM (VALUES ([1, 2]::FLOAT[]), ([1]::FLOAT[])) q(v), vector_search('zoo_points', q.v)"
    refused(connection, sql, "holds vectors of 2 dimensions, the query has 1")


@pytest.mark.parametrize("vector", ["[1, NULL]", "['nan'::FLOAT, 1]", "['inf'::FLOAT, 1]", "['a', 'b']"])
def test_a_vector_that_is_no_place_is_refused(connection: dbapi.Connection, zoo: str, vector: str) -> None:
    refused(connection, f"SELECT * FROM vector_search('zoo_points', {vector})", "holds NULL, NaN or an infinity")


def test_a_vector_without_direction_is_refused_under_cosine(connection: dbapi.Connection, zoo: str) -> None:
    refused(connection, "SELECT * FROM vector_search('zoo_points', [0, 0])", "all zeros")


@pytest.mark.parametrize("function", ["vector_search", "rag"])
def test_a_text_cannot_search_vectors_brought_along(connection: dbapi.Connection, zoo: str, function: str) -> None:
    refused(connection, f"SELECT * FROM {function}('zoo_points', 'cat')", "brought along: search it by vector")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("name := 'b', dataset := 'zoos', key_column := 'id', text_columns := ['body']", "no dataset 'zoos'.*zoo"),
        ("name := 'b', dataset := 'zoo', key_column := 'nope', text_columns := ['body']", "nope"),
        ("name := 'b', dataset := 'zoo', key_column := 'id', text_columns := ['nope']", "nope"),
        ("name := 'b', dataset := 'zoo', key_column := 'id', vector_column := 'body'", "not a list of numbers"),
        ("name := 'b', dataset := 'zoo', key_column := 'id'", "either text_columns or vector_column"),
        ("name := 'b', dataset := 'zoo', key_column := 'id', text_columns := []", "text_columns"),
        ("name := 'b b', dataset := 'zoo', key_column := 'id', text_columns := ['body']", "letters, digits and _"),
        ("name := '', dataset := 'zoo', key_column := 'id', text_columns := ['body']", "letters, digits and _"),
        (
            "name := 'b', dataset := 'catalog.jobs', key_column := 'job_id', text_columns := ['kind']",
            "permission_denied",
        ),
        ("name := 'b', dataset := 'zoo', key_column := 'id', text_columns := ['body'], metric := 'dot'", "metric"),
        ("name := 'b', dataset := 'zoo', key_column := 'id', text_columns := ['body'], chunk_size := 1", "chunk_size"),
        (
            "name := 'b', dataset := 'zoo', key_column := 'id', text_columns := ['body'], chunk_size := 60, "
            "chunk_overlap := 60",
            "chunk_overlap is less",
        ),
        ("name := 'zoo', dataset := 'zoo', key_column := 'id', text_columns := ['body']", r"'zoo' exists.*\[already_"),
        ("name := 'ZOO', dataset := 'zoo', key_column := 'id', text_columns := ['body']", r"'zoo' exists.*\[already_"),
    ],
)
def test_a_wrong_create_index_says_what_is_wrong_and_creates_nothing(
    connection: dbapi.Connection, zoo: str, arguments: str, message: str
) -> None:
    before = query(connection, "SELECT index_name FROM catalog.vector_indexes ORDER BY 1")
    refused(connection, f"CALL create_index({arguments})", message)
    assert query(connection, "SELECT index_name FROM catalog.vector_indexes ORDER BY 1") == before


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("(1), (NULL), (NULL)", "key column id of {} is NULL in 2 rows"),
        ("(1), (2), (2), (2), (3), (3)", "must name each row once: '2' names 3 rows"),
    ],
)
def test_keys_that_do_not_name_each_row_fail_the_job(
    connection: dbapi.Connection, keys: str, message: str, request: pytest.FixtureRequest
) -> None:
    name = f"keys_{request.node.callspec.indices['keys']}"
    query(connection, f"CREATE TABLE {name} AS SELECT id, 'text' AS body FROM (VALUES {keys}) t(id)")
    with pytest.raises(dbapi.Error, match=message.format(name)):
        make_index(connection, name)
    shown = "SELECT status FROM catalog.vector_indexes WHERE index_name = ?"
    assert query(connection, shown, (name,)).to_pylist() == [{"status": "failed"}]
    refused(connection, f"SELECT * FROM vector_search('{name}', 'text')", "nothing to search yet.*catalog.jobs")


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0], "the vector of id 'bad' in {} has 1 dimensions, index '{}' holds 2"),
        ([], "the vector of id 'bad' in {} is empty"),
        ([1.0, None], "the vector of id 'bad' in {} holds NULL or a number beyond 32-bit floats"),
        ([1.0, 1e300], "the vector of id 'bad' in {} holds NULL or a number beyond 32-bit floats"),
        ([1.0, float("nan")], "the vector of id 'bad' in {} holds NaN or an infinity"),
        ([1.0, float("-inf")], "the vector of id 'bad' in {} holds NaN or an infinity"),
        ([0.0, 0.0], "the vector of id 'bad' in {} is all zeros"),
    ],
)
def test_a_wrong_vector_in_the_data_is_named_by_its_key(
    connection: dbapi.Connection, vector: list[float | None], message: str, request: pytest.FixtureRequest
) -> None:
    name = f"vectors_{request.node.callspec.indices['vector']}"
    column = pa.array([[1.0, 2.0], vector, None], pa.list_(pa.float64()))
    with connection.cursor() as cursor:
        cursor.adbc_ingest(name, pa.table({"id": ["good", "bad", "none"], "vec": column}), mode="create")
    with pytest.raises(dbapi.Error, match=message.format(name, name)):
        make_index(connection, name, vector_column="vec")
    query(connection, f"DELETE FROM {name} WHERE id = 'bad'")
    query(connection, f"CALL refresh_index(name := '{name}', wait := true)")
    assert documents(connection, name, [1.0, 2.0]) == ["good"], "a NULL vector is no row of the index"


def test_texts_that_are_null_or_blank_have_no_chunks(connection: dbapi.Connection) -> None:
    make_texts(connection, "blanks", {1: None, 2: "", 3: " \n\t ", 4: "Words at last."})
    assert make_index(connection, "blanks")["row_count"] == 1
    assert documents(connection, "blanks", "anything") == ["4"]
