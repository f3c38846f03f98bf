"""SIGKILL while loads change the schema of their table, and while migrations are accepted."""

import random
import threading
import time
from pathlib import Path

import pyarrow as pa
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from tests.evolution.sending import proposals, refusal, schema
from tests.harness import Server

KILLS = 4
ROWS = 50_000


class Loading(threading.Thread):
    """Loads one batch after another, each with a column of its own. done: those that were answered."""

    def __init__(self, server: Server, first: int) -> None:
        super().__init__()
        self._server, self._first = server, first
        self.done: list[int] = []

    def run(self) -> None:
        number = self._first
        try:
            with self._server.connect() as connection:
                while True:
                    rows = pa.table({"batch": [number] * ROWS, f"only_{number}": range(ROWS)})
                    with connection.cursor() as cursor:
                        cursor.adbc_ingest("growing", rows, mode="append")
                    self.done.append(number)
                    number += 1
        except (dbapi.Error, LakehouseError):
            return


def test_column_and_its_rows_are_there_together_or_not_at_all(data: Path) -> None:
    chance, expected = random.Random(5), set[int]()
    with Server(data) as server:
        server.rows("CREATE TABLE growing (batch BIGINT)")
        for _ in range(KILLS):
            first = max(expected, default=-1) + 1
            loading = Loading(server, first)
            loading.start()
            while not loading.done and loading.is_alive():
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.3))
            server.kill()
            loading.join()
            server.start()
            columns = {int(name.removeprefix("only_")) for name in schema(server, "growing") if name != "batch"}
            counts = server.rows("SELECT batch, count(*) AS n FROM growing GROUP BY batch")
            assert {row["n"] for row in counts} <= {ROWS}
            assert columns == {row["batch"] for row in counts}
            told = server.rows("SELECT column_name FROM catalog.schema_changes WHERE change = 'add column'")
            assert {row["column_name"] for row in told} == {f"only_{number}" for number in columns}
            in_flight = first + len(loading.done)
            assert expected | set(loading.done) <= columns <= expected | set(loading.done) | {in_flight}
            expected = columns
    assert expected


class Deciding(threading.Thread):
    """Accepts one proposal after another. done: those that were answered."""

    def __init__(self, server: Server, proposal_ids: dict[str, str]) -> None:
        super().__init__()
        self._server, self._proposal_ids = server, proposal_ids
        self.done: set[str] = set()

    def run(self) -> None:
        try:
            with self._server.operations() as operations:
                for name, proposal_id in self._proposal_ids.items():
                    operations.call("accept_migration", proposal_id=proposal_id)
                    self.done.add(name)
        except LakehouseError:
            return


def test_migration_and_its_record_agree_after_any_kill(data: Path) -> None:
    chance, names = random.Random(7), [f"t{number}" for number in range(12)]
    days = pa.array([0], pa.date32())
    with Server(data) as server:
        for name in names:
            server.rows(
                f"CREATE TABLE {name} AS SELECT i AS id, i / 4 AS price, 'x' AS cust_name FROM range(1000) r(i)"
            )
            refusal(server, name, "stream", id=[1], price=days, customer_name=["x"])
        for _ in range(3):
            waiting = {n: proposals(server, n)[0] for n in names}
            open_ids = {n: p["proposal_id"] for n, p in waiting.items() if p["status"] == "proposed"}
            deciding = Deciding(server, open_ids)
            deciding.start()
            while not deciding.done and deciding.is_alive():
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.15))
            server.kill()
            deciding.join()
            server.start()
            for name in names:
                [proposal] = proposals(server, name)
                is_new = "customer_name" in schema(server, name)
                assert (proposal["status"] == "accepted") == is_new, name
                assert schema(server, name).get("price") == ("DATE" if is_new else "DOUBLE"), name
                assert is_new or name not in deciding.done, name
