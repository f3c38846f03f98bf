"""The way to PostgreSQL breaks at a COMMIT: no answer contradicts the lake, and nothing is committed twice.

What holds: success means that the rows are there once; `conflict` that they are not there; `outcome_unknown` that the
catalog has them once or not at all. In the first of these two cases DuckLake has removed their file, so that reading
the table fails, loudly, until the catalog is told to forget it.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.harness import Server, manual, query
from tests.lake.cutting import ANSWER_S, Cut, Plan, Proxy
from tests.lake.postgres import Postgres

pytestmark = pytest.mark.postgres

DATABASE = "lost_answers"
CLIENTS, INSERTS_MAX, MORE = 6, 200, 3
ALONE, TRANSACTION = "'admin', 'insert'", "'admin', 'transaction'"
GROUPED = tuple(f"'admin', 'insert ({size} statements)'" for size in range(2, CLIENTS + 1))


class Lake:
    """A server whose way to its catalog can be cut, and what PostgreSQL itself says of a table."""

    def __init__(self, server: Server, way: Proxy, postgres: Postgres) -> None:
        self.server, self.way, self._postgres = server, way, postgres

    def table(self, name: str) -> dbapi.Connection:
        """A connection, and a new table with the row 0."""
        connection = self.server.connect()
        query(connection, f"CREATE OR REPLACE TABLE {name} (client INTEGER, n INTEGER)")
        query(connection, f"INSERT INTO {name} VALUES (0, 0)")
        return connection

    def found(self, name: str) -> list[tuple[int, int]]:
        """The rows, by a client that comes anew."""
        rows = [(row["client"], row["n"]) for row in self.server.rows(f"FROM {name} ORDER BY ALL")]
        assert self.server.rows(f"SELECT count(*) AS n FROM {name}") == [{"n": len(rows)}]
        return rows

    def recorded(self, name: str) -> int:
        """How many rows the catalog says there are."""
        [counted] = self._ask(f"SELECT sum(record_count)::integer FROM ({self._files(name)}) f")
        return int(counted[0])

    def lost(self, name: str) -> dict[int, str]:
        """The snapshots whose file is gone, each with its commit message."""
        there = {file.name for file in (self.server.data / "lake").rglob("*.parquet")}
        files = self._ask(f"SELECT begin_snapshot, commit_message, path FROM ({self._files(name)}) f")
        return {snapshot: message for snapshot, message, path in files if path not in there}

    def forget(self, snapshot: int) -> None:
        """What docs/operating.md tells to do."""
        self._ask(f"DELETE FROM ducklake_data_file WHERE begin_snapshot = {snapshot}")

    def _files(self, name: str) -> str:
        return f"""SELECT f.*, c.commit_message FROM ducklake_data_file f JOIN ducklake_table t USING (table_id)
            JOIN ducklake_snapshot_changes c ON c.snapshot_id = f.begin_snapshot
            WHERE t.table_name = '{name}' AND t.end_snapshot IS NULL AND f.end_snapshot IS NULL"""

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self._postgres.execute(statement, DATABASE)


@pytest.fixture(scope="module")
def lake(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One for all these tests: it goes on after each cut."""
    address = postgres.create_database(DATABASE)
    with Proxy(postgres.port) as way:
        cuttable = address.replace(f":{postgres.port}/", f":{way.port}/")
        data = tmp_path_factory.mktemp("lost_answers") / "data"
        with Server(data, environment={"LAKEHOUSE_LAKE_CATALOG": cuttable}) as server:
            yield Lake(server, way, postgres)
            assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def told(work: Callable[[], object]) -> str | None:
    """The code of its error; None for success."""
    try:
        work()
    except dbapi.Error as error:
        return lakehouse_error(error).code
    return None


def insert(connection: dbapi.Connection, name: str, client: int = 1, n: int = 1) -> str | None:
    return told(lambda: query(connection, f"INSERT INTO {name} VALUES (?, ?)", (client, n)))


def alone(lake: Lake, name: str) -> str | None:
    return insert(lake.server.connect(), name)


def transaction(lake: Lake, name: str) -> str | None:
    with manual(lake.server) as connection:
        query(connection, f"INSERT INTO {name} VALUES (1, 1)")
        return told(connection.commit)


def happened(plan: Plan) -> bool:
    return plan.done.wait(ANSWER_S)


def check_forgotten(lake: Lake, name: str) -> None:
    """The catalog has the row once and its file is gone: nobody reads the table as if nothing were wrong. As docs say,
    it can be read again, without the row, which is then loaded again."""
    assert lake.recorded(name) == 2
    [snapshot] = lake.lost(name)
    with pytest.raises(dbapi.Error, match="Cannot open file") as error:
        lake.found(name)
    assert lakehouse_error(error.value).code == "unavailable"
    lake.forget(snapshot)
    assert lake.found(name) == [(0, 0)]
    assert alone(lake, name) is None
    assert lake.found(name) == [(0, 0), (1, 1)]


WORK = pytest.mark.parametrize(
    ("work", "mark"), [(alone, ALONE), (transaction, TRANSACTION)], ids=["insert", "transaction"]
)


@WORK
@pytest.mark.parametrize("cut", [Cut.AFTER, Cut.LATE])
def test_commit_whose_answer_is_lost_is_unknown_and_not_done_again(
    lake: Lake, work: Callable[[Lake, str], str | None], mark: str, cut: Cut
) -> None:
    lake.table("answer_lost")
    plan = lake.way.plan(cut, mark)
    assert work(lake, "answer_lost") == "outcome_unknown"
    assert happened(plan)
    check_forgotten(lake, "answer_lost")


def test_insert_whose_commit_was_not_done_is_run_again(lake: Lake) -> None:
    lake.table("not_done")
    plan = lake.way.plan(Cut.BEFORE, ALONE)
    assert alone(lake, "not_done") is None
    assert happened(plan)
    assert lake.found("not_done") == [(0, 0), (1, 1)]
    assert lake.recorded("not_done") == 2


def test_transaction_whose_commit_was_not_done_is_a_conflict(lake: Lake) -> None:
    lake.table("not_ended")
    plan = lake.way.plan(Cut.BEFORE, TRANSACTION)
    assert transaction(lake, "not_ended") == "conflict"
    assert happened(plan)
    assert lake.found("not_ended") == [(0, 0)]
    assert transaction(lake, "not_ended") is None
    assert lake.found("not_ended") == [(0, 0), (1, 1)]


@WORK
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_commit_that_the_catalog_can_not_be_asked_for_is_unknown(
    lake: Lake, work: Callable[[Lake, str], str | None], mark: str, cut: Cut
) -> None:
    connection = lake.table("not_asked")
    plan = lake.way.plan(cut, mark, stays_down=True)
    try:
        assert work(lake, "not_asked") == "outcome_unknown"
        assert happened(plan)
        assert told(lambda: query(connection, "FROM not_asked")) == "unavailable"
    finally:
        lake.way.mend()
    if cut is Cut.AFTER:
        check_forgotten(lake, "not_asked")
    else:
        assert lake.found("not_asked") == [(0, 0)]


def test_commit_that_arrives_when_the_server_has_stopped_waiting_is_unknown(lake: Lake) -> None:
    lake.table("very_late")
    plan = lake.way.plan(Cut.LATE, ALONE, late_s=ANSWER_S)
    assert alone(lake, "very_late") == "outcome_unknown"
    assert lake.recorded("very_late") == 1
    plan.arrive.set()
    assert happened(plan)
    check_forgotten(lake, "very_late")


@pytest.mark.parametrize("cut", list(Cut))
def test_each_of_the_inserts_that_share_a_commit_is_told_what_became_of_it(lake: Lake, cut: Cut) -> None:
    lake.table("together")
    clients = [lake.server.connect() for _ in range(CLIENTS)]
    plan = lake.way.plan(cut, *GROUPED)
    answers: dict[tuple[int, int], str | None] = {}
    ready = threading.Barrier(CLIENTS)

    def work(client: int) -> None:
        """Insert until some commit was cut, and a few times more."""
        ready.wait()
        left = MORE
        for n in range(1, INSERTS_MAX):
            answers[client, n] = insert(clients[client], "together", client, n)
            left -= plan.done.is_set()
            if not left:
                break

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    assert plan.done.is_set()
    unknown = [row for row, answer in answers.items() if answer is not None]
    assert {answers[row] for row in unknown} <= {"outcome_unknown"}
    assert lake.recorded("together") == len(answers) + 1
    if cut is not Cut.BEFORE:
        [(snapshot, message)] = lake.lost("together").items()
        assert message == f"insert ({len(unknown)} statements)"
        lake.forget(snapshot)
    assert lake.found("together") == sorted([(0, 0), *(row for row in answers if row not in unknown)])
    assert (cut is Cut.BEFORE) == (not unknown)
