"""The questions that lineage answers, each by one query."""

import json
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from tests.harness import query

STAGES = (
    "CREATE TABLE ling_raw AS SELECT 1 AS id, 'x' AS note, 10 AS amount",
    "CREATE VIEW ling_clean AS SELECT id, upper(note) AS note, amount FROM ling_raw WHERE amount > 0",
    "CREATE TABLE ling_total AS SELECT note, sum(amount) AS total FROM ling_clean GROUP BY note",
    "CREATE VIEW ling_top AS SELECT note AS label FROM ling_total ORDER BY total DESC LIMIT 3",
)


@pytest.fixture(scope="module", autouse=True)
def stages(server: Any) -> None:
    for statement in STAGES:
        server.rows(statement)


def test_where_did_this_column_come_from(connection: dbapi.Connection) -> None:
    rows = query(connection, "FROM column_sources('ling_top', 'label') WHERE is_direct").to_pylist()
    assert {(row["source_dataset"], row["source_column"]) for row in rows} == {
        ("ling_total", "note"),
        ("ling_clean", "note"),
        ("ling_raw", "note"),
    }
    everything = query(connection, "FROM column_sources('LING_TOP', 'LABEL')").to_pylist()
    assert ("ling_raw", "amount") in {(row["source_dataset"], row["source_column"]) for row in everything}


def test_where_does_this_column_go(connection: dbapi.Connection) -> None:
    rows = query(connection, "FROM column_targets('ling_raw', 'note') WHERE is_direct").to_pylist()
    assert {(row["target_dataset"], row["target_column"]) for row in rows} == {
        ("ling_clean", "note"),
        ("ling_total", "note"),
        ("ling_top", "label"),
    }
    assert query(connection, "FROM column_targets('ling_raw')").num_rows > len(rows)


def test_circle_of_inserts_ends(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE ling_a AS SELECT 1 AS x")
    query(connection, "CREATE TABLE ling_b AS SELECT x FROM ling_a")
    query(connection, "INSERT INTO ling_a SELECT x + 1 FROM ling_b")
    rows = query(connection, "FROM column_sources('ling_a', 'x')").to_pylist()
    assert {row["source_dataset"] for row in rows} == {"ling_a", "ling_b"}
    rows = query(connection, "FROM column_targets('ling_a', 'x')").to_pylist()
    assert {row["target_dataset"] for row in rows} == {"ling_a", "ling_b"}
    assert query(connection, "CALL impact(dataset := 'ling_a')").num_rows == 2


def test_what_is_gone_in_between_is_passed_through(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE ling_first AS SELECT 1 AS x")
    query(connection, "CREATE TABLE ling_middle AS SELECT x FROM ling_first")
    query(connection, "CREATE TABLE ling_last AS SELECT x FROM ling_middle")
    query(connection, "DROP TABLE ling_middle")
    rows = query(connection, "FROM column_sources('ling_last', 'x')").to_pylist()
    assert {(row["source_dataset"], row["source_exists"]) for row in rows} == {
        ("ling_first", True),
        ("ling_middle", False),
    }
    rows = query(connection, "CALL impact(dataset := 'ling_first')").to_pylist()
    assert [(row["dataset"], row["effect"]) for row in rows] == [("ling_last", "keeps its rows")]


def test_impact_lists_what_breaks_and_refuses_nothing(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE ling_dropping AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE VIEW ling_shows AS SELECT a FROM ling_dropping")
    query(connection, "CREATE VIEW ling_shows_more AS SELECT a + 1 AS c FROM ling_shows")
    query(connection, "CREATE TABLE ling_kept AS SELECT a FROM ling_shows")
    rows = query(connection, "CALL impact(dataset := 'ling_dropping', column_name := 'A')").to_pylist()
    assert {(row["dataset"], row["column_name"], row["kind"], row["effect"]) for row in rows} == {
        ("ling_shows", "a", "view", "breaks"),
        ("ling_shows_more", "c", "view", "breaks"),
        ("ling_kept", "a", "table", "keeps its rows"),
    }
    assert query(connection, "CALL impact(dataset := 'ling_dropping', column_name := 'b')").num_rows == 0
    query(connection, "ALTER TABLE ling_dropping DROP COLUMN a")
    with pytest.raises(dbapi.Error):
        query(connection, "FROM ling_shows")
    with pytest.raises(dbapi.Error, match="no column 'a': it has b"):
        query(connection, "CALL impact(dataset := 'ling_dropping', column_name := 'a')")


def test_index_and_searches_belong_to_their_dataset(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE ling_docs AS SELECT 'd' || i AS key, 'text ' || i AS body FROM range(3) t(i)")
    query(
        connection,
        "CALL create_index(name := 'ling_index', dataset := 'ling_docs', key_column := 'key', "
        "text_columns := ['body'], wait := true)",
    )
    query(connection, "CREATE TABLE ling_asked AS SELECT 'text' AS question")
    query(
        connection,
        "CREATE TABLE ling_found AS SELECT s.doc_id, s.chunk_text FROM ling_asked a, "
        "vector_search('ling_index', a.question, k := 2) s",
    )
    rows = query(connection, "FROM catalog.lineage WHERE target_dataset IN ('ling_index', 'ling_found')").to_pylist()
    assert {
        (
            r["target_dataset"],
            r["target_column"],
            r["source_dataset"],
            r["source_column"],
            r["kind"],
            r["transformation"],
        )
        for r in rows
    } == {
        ("ling_index", "doc_id", "ling_docs", "key", "index", "IDENTITY"),
        ("ling_index", "chunk_text", "ling_docs", "body", "index", "TRANSFORMATION"),
        ("ling_found", "doc_id", "ling_docs", "key", "table", "IDENTITY"),
        ("ling_found", "chunk_text", "ling_docs", "body", "table", "TRANSFORMATION"),
        ("ling_found", None, "ling_docs", "body", "table", "FILTER"),
        ("ling_found", None, "ling_asked", "question", "table", "FILTER"),
    }
    effects = query(connection, "CALL impact(dataset := 'ling_docs', column_name := 'body')").to_pylist()
    assert ("ling_index", "can't be refreshed") in {(row["dataset"], row["effect"]) for row in effects}


def exported(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    [row] = query(connection, "CALL export_lineage(dataset := ?)", (dataset,)).to_pylist()
    assert row["dataset"] == dataset
    return dict(json.loads(row["event"]))


def test_export_is_an_openlineage_run_event(connection: dbapi.Connection) -> None:
    event = exported(connection, "ling_total")
    assert {"run", "job", "eventTime", "producer", "schemaURL"} <= set(event)
    assert event["eventType"] == "COMPLETE"
    assert len(event["run"]["runId"]) == 36
    assert [(each["namespace"], each["name"]) for each in event["inputs"]] == [("lakehouse", "ling_clean")]
    [output] = event["outputs"]
    assert (output["namespace"], output["name"]) == ("lakehouse", "ling_total")
    assert [field["name"] for field in output["facets"]["schema"]["fields"]] == ["note", "total"]
    facet = output["facets"]["columnLineage"]
    assert {"_producer", "_schemaURL", "fields", "dataset"} == set(facet)
    assert facet["fields"]["total"] == {
        "inputFields": [
            {
                "namespace": "lakehouse",
                "name": "ling_clean",
                "field": "amount",
                "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION", "description": "", "masking": False}],
            }
        ]
    }
    [whole] = facet["dataset"]
    assert (whole["field"], whole["transformations"][0]["type"], whole["transformations"][0]["subtype"]) == (
        "note",
        "INDIRECT",
        "GROUP_BY",
    )


def test_export_of_all_has_an_event_for_each_dataset(connection: dbapi.Connection) -> None:
    rows = query(connection, "CALL export_lineage()").to_pylist()
    assert {"ling_clean", "ling_total", "ling_top"} <= {row["dataset"] for row in rows}
    assert exported(connection, "ling_total") == exported(connection, "ling_total")
    with pytest.raises(dbapi.Error, match="there is no dataset"):
        query(connection, "CALL export_lineage(dataset := 'ling_nothing')")
