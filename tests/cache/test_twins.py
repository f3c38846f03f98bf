"""A pinned table and an unpinned one that get the same changes give the same answers, whatever comes in which order."""

import random
from collections.abc import Callable, Iterator

import pytest
from adbc_driver_manager import dbapi

from tests.cache.watching import evict, pin, stats, wait_ready
from tests.harness import Server, manual, query

STEPS = 45
READS = [
    "SELECT * FROM {t} ORDER BY ALL",
    "SELECT count(*) AS c, sum(n)::BIGINT AS s, max(v) AS v FROM {t}",
    "SELECT a.n, b.v FROM {t} a JOIN {t} b ON a.n = b.n + 1 ORDER BY ALL",
    "WITH big AS (SELECT * FROM {t} WHERE n > 20) SELECT v, count(*) AS c FROM big GROUP BY v ORDER BY ALL",
    "SELECT typeof(v) AS kind, count(*) AS c FROM {t} GROUP BY ALL ORDER BY ALL",
]


class Twins:
    """Applies each change to both tables, and compares what readers see. Numbers tell the tables' rows apart."""

    def __init__(self, server: Server, seed: int) -> None:
        self.random = random.Random(seed)
        self.hot, self.cold = f"twin_hot_{seed}", f"twin_cold_{seed}"
        self.clients = [server.connect(), server.connect()]
        self.server = server
        self.columns = 0
        self.make_anew()

    @property
    def client(self) -> dbapi.Connection:
        return self.random.choice(self.clients)

    def both(self, text: str) -> None:
        client = self.client
        for table in (self.hot, self.cold):
            query(client, text.format(t=table))

    def make_anew(self) -> None:
        rows = self.random.randrange(50)
        self.columns = 0
        self.both(f"CREATE OR REPLACE TABLE {{t}} AS SELECT range AS n, 'v' || range % 3 AS v FROM range({rows})")

    def insert(self) -> None:
        start, rows = self.random.randrange(60), self.random.randrange(1, 6)
        self.both(f"INSERT INTO {{t}} (n, v) SELECT range, 'new' FROM range({start}, {start + rows})")

    def update(self) -> None:
        self.both(f"UPDATE {{t}} SET v = v || 'u', n = n + 1 WHERE n % 5 = {self.random.randrange(5)}")

    def delete(self) -> None:
        self.both(f"DELETE FROM {{t}} WHERE n % 7 = {self.random.randrange(7)}")

    def truncate(self) -> None:
        self.both("TRUNCATE {t}")

    def move(self) -> None:
        """As a tombstone does: rows leave for another table in one commit, and come back."""
        n = self.random.randrange(40)
        for table in (self.hot, self.cold):
            with manual(self.server) as own:
                query(own, f"CREATE OR REPLACE TABLE {table}_gone AS SELECT * FROM {table} WHERE n = {n}")
                query(own, f"DELETE FROM {table} WHERE n = {n}")
                if n % 2:
                    query(own, f"INSERT INTO {table} SELECT * FROM {table}_gone")
                own.rollback() if n % 3 == 0 else own.commit()

    def alter(self) -> None:
        self.columns += 1
        self.both(f"ALTER TABLE {{t}} ADD COLUMN c{self.columns} INTEGER DEFAULT {self.columns}")

    def drop_column(self) -> None:
        if self.columns:
            self.both(f"ALTER TABLE {{t}} DROP COLUMN c{self.columns}")
            self.columns -= 1

    def rename(self) -> None:
        self.both("ALTER TABLE {t} RENAME TO {t}_away")
        with pytest.raises(dbapi.Error, match="does not exist"):
            query(self.client, f"FROM {self.hot}")
        self.both("ALTER TABLE {t}_away RENAME TO {t}")

    def settle(self) -> None:
        wait_ready(self.clients[0], self.hot)

    def read(self) -> None:
        """Each client sees in both the same, names and types included."""
        text = self.random.choice(READS)
        for client in self.clients:
            hot, cold = (query(client, text.format(t=table)) for table in (self.hot, self.cold))
            assert hot.schema.equals(cold.schema, check_metadata=True), text
            assert hot.to_pylist() == cold.to_pylist(), text

    def step(self) -> None:
        steps: list[tuple[Callable[[], None], int]] = [
            (self.insert, 6),
            (self.update, 5),
            (self.delete, 4),
            (self.move, 2),
            (self.alter, 1),
            (self.drop_column, 1),
            (self.truncate, 1),
            (self.make_anew, 1),
            (self.rename, 1),
            (self.settle, 6),
        ]
        self.random.choices([step for step, _ in steps], [weight for _, weight in steps])[0]()
        self.read()


@pytest.fixture(params=[1, 2])
def twins(server: Server, request: pytest.FixtureRequest) -> Iterator[Twins]:
    made = Twins(server, request.param)
    pin(made.clients[0], made.hot)
    yield made
    evict(made.clients[0], made.hot)
    for client in made.clients:
        client.close()


def test_a_pinned_table_answers_like_its_unpinned_twin(twins: Twins) -> None:
    for _ in range(STEPS):
        twins.step()
    twins.settle()
    twins.read()
    assert stats(twins.clients[0], twins.hot)["hits"] > STEPS // 4
