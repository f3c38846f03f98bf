"""SIGKILL while a client changes tables and data, statement by statement."""

import random
import time
from pathlib import Path
from typing import Any

import duckdb

from tests.crash.client import acknowledged, statement, working
from tests.harness import Server

KILLS = 5
LIFE_S = (0.2, 1.5)


def story(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Every table and view of a plain DuckDB with its rows."""
    names = connection.execute("SELECT table_name FROM information_schema.tables ORDER BY 1").fetchall()
    return {name: _sorted(connection.execute(f"FROM {name}").to_arrow_table().to_pylist()) for (name,) in names}


def told(server: Server) -> dict[str, Any]:
    names = server.rows("SELECT dataset FROM catalog.datasets ORDER BY 1")
    return {row["dataset"]: _sorted(server.rows(f"FROM {row['dataset']}")) for row in names}


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: int(row["id"]))


def test_each_acknowledged_statement_survives_and_at_most_one_more(data: Path) -> None:
    chance, reference, steps = random.Random(11), duckdb.connect(), 0
    with Server(data) as server, reference:
        for _ in range(KILLS):
            with working(server, "tell", steps) as client:
                time.sleep(chance.uniform(*LIFE_S))
                server.kill()
                done = acknowledged(client)
            assert done == list(range(steps, steps + len(done)))
            for step in done:
                reference.execute(statement(step))
            steps += len(done)
            server.start()
            found = told(server)
            if found != story(reference):
                reference.execute(statement(steps))
                steps += 1
                assert found == story(reference)
    assert steps > KILLS
