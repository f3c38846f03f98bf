"""The questions of docs/catalog.md, each answered by the one query that stands there."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import ROOT, Server

PAGE = ROOT / "docs" / "catalog.md"
INDEX = "CALL create_index(name := '{}', dataset := '{}', key_column := 'id', text_columns := ['body'], wait := true)"


def asked(question: str) -> str:
    """The query below the line that begins with this."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n{question}")[2]
    return text.partition("```sql\n")[2].partition("```")[0]


def answers(server: Server, question: str) -> list[dict[str, Any]]:
    return server.rows(asked(question).rstrip().rstrip(";"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("questions") / "data") as server:
        (server.data / "import" / "orders.csv").write_text("id,body,amount,day\n1,a text,10,2024-01-02\n")
        for statement in (
            "CREATE TABLE owned AS SELECT 1 AS id, 'a text to embed' AS body",
            "CREATE TABLE ownerless AS SELECT 1 AS id",
            "CALL set_metadata(dataset := 'owned', owner := 'ann', expected_every_s := 0.001)",
            "CALL ingest_file(dataset := 'orders', path := 'orders.csv')",
            "CALL set_metadata(dataset := 'orders', owner := 'ann', metadata := {'source_system': 'shop'})",
            "CREATE VIEW paid AS SELECT day, amount AS paid FROM orders WHERE amount > 0",
            "CREATE TABLE monthly AS SELECT month(day) AS month, sum(paid) AS revenue FROM paid GROUP BY ALL",
            "CALL set_metadata(dataset := 'paid', owner := 'ann')",
            "CALL set_metadata(dataset := 'monthly', owner := 'ann')",
            INDEX.format("order_texts", "orders"),
        ):
            server.rows(statement)
        yield server


def test_what_holds_personal_data(lake: Server) -> None:
    lake.rows("CREATE TABLE reached AS SELECT i, 'user' || i || '@example.org' AS a, 'x' AS b FROM range(50) t(i)")
    lake.rows("CALL set_column(dataset := 'reached', column_name := 'b', pii_kind := 'ssn')")
    lake.rows("CALL set_column(dataset := 'reached', column_name := 'i', pii_kind := 'none')")
    found = [tuple(row.values()) for row in answers(lake, "What holds personal data")]
    assert [(row[0], row[1], row[2], row[4], row[5]) for row in found] == [
        ("reached", "a", "email", "detected", "confidential"),
        ("reached", "b", "ssn", "person", "restricted"),
    ]
    lake.rows("CALL set_column(dataset := 'reached', column_name := 'a', pii_kind := 'none')")
    assert [row["column_name"] for row in answers(lake, "What holds personal data")] == ["b"]
    lake.rows("DROP TABLE reached")
    assert answers(lake, "What holds personal data") == []


def test_what_is_stale(lake: Server) -> None:
    [row] = answers(lake, "What is stale")
    assert (row["dataset"], row["owner"], row["changed_by"]) == ("owned", "ann", "admin")
    assert row["overdue_s"] > 0


def test_which_indexes_are_older_than_their_rows(lake: Server) -> None:
    lake.rows(INDEX.format("asked", "owned"))
    assert answers(lake, "What is embedded") == []
    lake.rows("INSERT INTO owned VALUES (2, 'another')")
    assert [row["index_name"] for row in answers(lake, "What is embedded")] == ["asked"]


def test_where_a_column_came_from(lake: Server) -> None:
    found = {tuple(row.values()) for row in answers(lake, "Where did a column come from")}
    assert found == {
        ("paid", "paid", "monthly", "revenue", "table", "AGGREGATION", True),
        ("paid", "day", "monthly", None, "table", "GROUP_BY", False),
        ("orders", "amount", "paid", "paid", "view", "IDENTITY", True),
        ("orders", "amount", "paid", None, "view", "FILTER", False),
        ("orders", "day", "paid", "day", "view", "IDENTITY", False),
        ("orders.csv", None, "orders", None, "ingest", None, False),
        ("shop", None, "orders", None, "system", None, False),
    }


def test_where_a_column_goes(lake: Server) -> None:
    found = {tuple(row.values()) for row in answers(lake, "And where does a column go")}
    assert found == {
        ("paid", "paid", "orders", "amount", "view", "IDENTITY", True),
        ("paid", None, "orders", "amount", "view", "FILTER", False),
        ("monthly", "revenue", "paid", "paid", "table", "AGGREGATION", True),
        # The filter decided about rows of paid, and so about all that was made from them.
        ("monthly", "month", "paid", "day", "table", "TRANSFORMATION", False),
        ("monthly", None, "paid", "day", "table", "GROUP_BY", False),
    }


def test_whole_chain_from_source_system_to_index(lake: Server) -> None:
    found = {tuple(row.values()) for row in answers(lake, "The whole chain of a dataset")}
    assert found == {
        ("system", "shop", "orders"),
        ("ingest", "orders.csv", "orders"),
        ("view", "orders", "paid"),
        ("table", "paid", "monthly"),
        ("index", "orders", "order_texts"),
    }


def test_what_changed_and_who_did_it(lake: Server) -> None:
    for statement in (
        "INSERT INTO ownerless VALUES (2)",
        "DELETE FROM ownerless WHERE id = 1",
        "ALTER TABLE ownerless ADD COLUMN note VARCHAR",
        "CREATE TABLE changed_and_gone AS SELECT 1 AS a",
        "DROP TABLE changed_and_gone",
    ):
        lake.rows(statement)
    rows = answers(lake, "What changed")
    found = {(row["dataset"], row["change"]): (row["actor"], row["commits"]) for row in rows}
    assert {
        ("ownerless", "create table"): ("admin", 1),
        ("ownerless", "insert rows"): ("admin", 2),
        ("ownerless", "delete rows"): ("admin", 1),
        ("ownerless", "add column note"): ("admin", 1),
        ("changed_and_gone", "insert rows"): ("admin", 1),
        ("changed_and_gone", "drop table"): ("admin", 1),
        ("paid", "create view"): ("admin", 1),
    }.items() <= found.items()
    assert not {dataset for dataset, _ in found if dataset.startswith(("catalog.", "vectors.", "deleted."))}


def test_which_datasets_have_no_owner(lake: Server) -> None:
    assert [row["dataset"] for row in answers(lake, "Which datasets have no owner")] == ["ownerless"]
    lake.rows("CALL set_metadata(dataset := 'ownerless', owner := 'bob')")
    assert answers(lake, "Which datasets have no owner") == []
    lake.rows("CALL set_metadata(dataset := 'ownerless', owner := NULL)")


def test_every_view_of_the_page_is_there(lake: Server) -> None:
    named = [
        line.split("`")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `catalog.")
    ]
    assert len(named) >= 20
    for name in named:
        lake.rows(f"FROM {name} LIMIT 1")


def test_source_system_is_no_dataset_of_its_name(lake: Server) -> None:
    lake.rows("CREATE TABLE shop AS SELECT 1 AS a")
    assert lake.rows("CALL impact(dataset := 'shop')") == []
    [row] = lake.rows("CALL export_lineage(dataset := 'orders')")
    assert '{"namespace": "system", "name": "shop"' in row["event"]
    assert '"name": "ingest.orders"' in row["event"]
    lake.rows("DROP TABLE shop")
