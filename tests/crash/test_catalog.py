"""SIGKILL while tables are made: what the catalog tells of a table is there with its rows, or neither is."""

import random
import time
from pathlib import Path

from tests.crash.client import acknowledged, working
from tests.harness import Server

KILLS = 4
ROWS = 2_000
PEOPLE = f"CREATE TABLE people AS SELECT i AS id, 'user' || i || '@example.org' AS email FROM range({ROWS}) t(i)"


def values(server: Server, text: str) -> set[str]:
    return {str(value) for row in server.rows(text) for value in row.values()}


def check(server: Server, made: set[str]) -> None:
    """made: tables that were acknowledged."""
    tables = values(server, "SELECT dataset FROM catalog.datasets WHERE starts_with(dataset, 'made_')")
    assert made <= tables
    assert values(server, "SELECT target_name FROM catalog.lineage_events") == tables
    assert values(server, "SELECT dataset FROM catalog.pii_scans") == tables | {"people"}
    described = server.rows(
        "SELECT dataset FROM catalog.columns JOIN catalog.lineage "
        "ON dataset = target_dataset AND column_name = target_column "
        "WHERE pii_kind = 'email' AND source_dataset = 'people' AND source_column = 'email'"
    )
    assert sorted(row["dataset"] for row in described) == sorted(tables)


def test_findings_and_lineage_agree_with_the_tables_after_any_kill(data: Path) -> None:
    chance, made = random.Random(7), set[str]()
    with Server(data) as server:
        server.rows(PEOPLE)
        for kill in range(KILLS):
            with working(server, "derive", kill * 100_000) as client:
                assert client.stdout is not None
                first = int(client.stdout.readline())
                time.sleep(chance.uniform(0, 0.5))
                server.kill()
                made |= {f"made_{step}" for step in (first, *acknowledged(client))}
            server.start()
            check(server, made)
