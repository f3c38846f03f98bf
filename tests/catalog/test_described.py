"""Everything in the catalog says what it is: views by comments and the page of their columns, statements by running."""

import pytest
from adbc_driver_manager import dbapi

from server.sql.tree import Parser
from tests.harness import ROOT, query

DOCS = ROOT / "docs"
VIEWS = (DOCS / "catalog_views.md").read_text(encoding="utf-8").split("\n## ")[1:]


def test_every_control_view_has_a_comment(connection: dbapi.Connection) -> None:
    listed = query(connection, "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'catalog'")
    assert listed.num_rows >= 40
    assert [row["view_name"] for row in listed.to_pylist() if not row["comment"]] == []


@pytest.mark.parametrize("section", VIEWS, ids=lambda section: section.split("\n")[0])
def test_page_of_views_tells_every_column(connection: dbapi.Connection, section: str) -> None:
    lines = section.splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| `")]
    told = [name for cell in cells for name in cell.split("`")[1::2]]
    assert sorted(told) == sorted(query(connection, f"FROM {lines[0]} LIMIT 0").column_names)


def test_page_of_views_has_the_views_that_the_page_of_the_catalog_names() -> None:
    page = (DOCS / "catalog.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `catalog.")]
    assert sorted(section.split("\n")[0] for section in VIEWS) == sorted(named)


def test_every_statement_of_the_docs_is_sql() -> None:
    parser, read = Parser(), 0
    for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
        for block in page.read_text(encoding="utf-8").split("```sql\n")[1:]:
            read += len(parser.statements(block.partition("```")[0]))
    assert read >= 80
