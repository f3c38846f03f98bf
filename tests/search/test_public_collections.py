"""Search quality on public collections, where their files lie beside the repository."""

import json
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from tests.harness import ROOT, Server, query
from tests.search.notes import make_index

DATA = ROOT.parent / "shared" / "data"
KEV = DATA / "kev" / "known_exploited_vulnerabilities.csv"
XQUAD = DATA / "xquad" / "xquad.en.json"


@pytest.mark.skipif(not KEV.exists(), reason="the KEV catalog is not beside the repository")
def test_known_exploited_vulnerabilities_are_found_and_cited(server: Server, connection: dbapi.Connection) -> None:
    with server.operations() as operations:
        operations.ingest_file("kev_catalog", KEV)
    query(
        connection, "CREATE VIEW kev_edge AS FROM kev_catalog WHERE vendorProject IN ('Citrix', 'Ivanti', 'Fortinet')"
    )
    made = make_index(
        connection, "kev_edge", key_column="cveID", text_columns=["vulnerabilityName", "shortDescription"]
    )
    assert made["row_count"] > 30
    sql = """
        SELECT k.vendorProject, k.shortDescription
        FROM vector_search('kev_edge', 'path traversal in a VPN appliance', k := 5) s
        JOIN kev_catalog k ON k.cveID = s.doc_id ORDER BY s.rank"""
    found = query(connection, sql).to_pylist()
    assert sum("traversal" in row["shortDescription"] for row in found) >= 3
    (row,) = query(
        connection, "SELECT * FROM rag('kev_edge', 'Which flaw lets attackers bypass authentication?')"
    ).to_pylist()
    assert row["citations"]
    assert all(citation["doc_id"].startswith("CVE-") for citation in row["citations"])


def xquad(step: int) -> tuple[pa.Table, pa.Table]:
    """Paragraphs (id, body) and every step-th question (txt, paragraph)."""
    articles: list[dict[str, Any]] = json.loads(XQUAD.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    asked = [(qa["question"], number) for number, paragraph in enumerate(paragraphs) for qa in paragraph["qas"]][::step]
    bodies = pa.table({"id": range(len(paragraphs)), "body": [paragraph["context"] for paragraph in paragraphs]})
    return bodies, pa.table({"txt": [text for text, _ in asked], "paragraph": [number for _, number in asked]})


@pytest.mark.skipif(not XQUAD.exists(), reason="XQuAD is not beside the repository")
def test_questions_find_the_paragraph_they_were_asked_about(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        for name, table in zip(("xquad", "xquad_questions"), xquad(step=6), strict=True):
            cursor.adbc_ingest(name, table, mode="create")
    make_index(connection, "xquad", chunk_size=4000)
    sql = """
        SELECT count(*) FILTER (rank = 1) / any_value(n) AS at_1, count(*) / any_value(n) AS at_5
        FROM xquad_questions q, vector_search('xquad', q.txt, k := 5) s, (SELECT count(*) AS n FROM xquad_questions)
        WHERE s.doc_id = q.paragraph::VARCHAR"""
    (hit,) = query(connection, sql).to_pylist()
    assert hit["at_1"] >= 0.8, hit
    assert hit["at_5"] >= 0.95, hit
