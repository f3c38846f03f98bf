"""Single inserts at the same time: committed together, each one's own in what it says, who made it and how it fails."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, lakehouse_error
from tests.harness import Server, query

CLIENTS, EACH = 8, 25


@pytest.fixture(scope="module")
def clients(server: Server) -> Iterator[list[dbapi.Connection]]:
    opened = [server.connect() for _ in range(CLIENTS)]
    yield opened
    for connection in opened:
        connection.close()


def at_once(clients: list[dbapi.Connection], work: Callable[[int, dbapi.Connection], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(lambda pair: work(*pair), enumerate(clients)))


def insert(connection: dbapi.Connection, text: str, values: tuple[Any, ...] | None = None) -> LakehouseError | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            assert cursor.rowcount in (1, -1)
    except dbapi.Error as error:
        return lakehouse_error(error)
    return None


def test_every_acknowledged_row_is_there_once_in_fewer_commits(
    clients: list[dbapi.Connection], connection: dbapi.Connection
) -> None:
    query(connection, "CREATE OR REPLACE TABLE grouped (client INTEGER, n INTEGER, s VARCHAR)")

    def work(client: int, own: dbapi.Connection) -> None:
        for n in range(EACH):
            assert insert(own, "INSERT INTO grouped VALUES (?, ?, 'é' || ?)", (client, n, str(n))) is None

    at_once(clients, work)
    rows = query(connection, "SELECT client, n, s FROM grouped ORDER BY ALL").to_pylist()
    assert rows == [{"client": c, "n": n, "s": f"é{n}"} for c in range(CLIENTS) for n in range(EACH)]
    commits = query(
        connection,
        """SELECT author, commit_message FROM catalog.snapshots
        WHERE commit_message LIKE 'insert%' AND changes_made LIKE '%insert%' AND snapshot_id >
            (SELECT max(snapshot_id) FROM catalog.snapshots WHERE changes_made LIKE '%grouped%')""",
    ).to_pylist()
    assert 0 < len(commits) < CLIENTS * EACH
    assert {row["author"] for row in commits} == {"admin"}
    assert any("statements" in row["commit_message"] for row in commits)


def test_a_row_that_fails_fails_alone(clients: list[dbapi.Connection], connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE picky (client INTEGER NOT NULL, d DATE)")

    def work(client: int, own: dbapi.Connection) -> list[LakehouseError | None]:
        errors = []
        for n in range(10):
            match client % 4:
                case 0:
                    errors.append(insert(own, "INSERT INTO picky VALUES (?, ?)", (None, "2024-01-01")))
                case 1:
                    errors.append(insert(own, f"INSERT INTO picky VALUES ({client}, 'no date {n}')"))
                case _:
                    errors.append(insert(own, f"INSERT INTO picky VALUES ({client}, '2024-01-0{n % 9 + 1}')"))
        return errors

    for client, errors in enumerate(at_once(clients, work)):
        codes = {error.code if error is not None else None for error in errors}
        assert codes == ({"sql_error"} if client % 4 < 2 else {None})
    found = query(connection, "SELECT client, count(*) AS n FROM picky GROUP BY 1 ORDER BY 1").to_pylist()
    assert found == [{"client": c, "n": 10} for c in range(CLIENTS) if c % 4 >= 2]


def test_defaults_and_types_of_the_table_count(clients: list[dbapi.Connection], connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE typed (i INTEGER DEFAULT 7, h UHUGEINT, v INTERVAL, t TIMESTAMPTZ)")
    text = "INSERT INTO typed (h, v, t) VALUES (9007199254740992, '1 month', '2024-01-01')"

    def work(_: int, own: dbapi.Connection) -> None:
        for _ in range(3):
            assert insert(own, text) is None

    at_once(clients, work)
    found = query(connection, "SELECT i, h::VARCHAR AS h, v::VARCHAR AS v, count(*) AS n FROM typed GROUP BY ALL")
    assert found.to_pylist() == [{"i": 7, "h": "9007199254740992", "v": "1 month", "n": 3 * CLIENTS}]


def test_the_table_may_change_meanwhile(clients: list[dbapi.Connection], connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE moving (i INTEGER)")

    def work(client: int, own: dbapi.Connection) -> int:
        if client == 0:
            for n in range(5):
                query(own, f"ALTER TABLE moving ADD COLUMN c{n} INTEGER")
                query(own, f"ALTER TABLE moving DROP COLUMN c{n}")
            return 0
        return sum(insert(own, "INSERT INTO moving (i) VALUES (?)", (client,)) is None for _ in range(15))

    acknowledged = sum(at_once(clients, work))
    assert query(connection, "SELECT count(*) AS n FROM moving")["n"][0].as_py() == acknowledged > 0


def test_each_session_has_its_own_schema_and_time_zone(server: Server, connection: dbapi.Connection) -> None:
    for name in ("one_group", "other_group"):
        query(connection, f"CREATE SCHEMA {name}")
        query(connection, f"CREATE TABLE {name}.moments (t TIMESTAMPTZ)")
    zones = {"one_group": "Asia/Tokyo", "other_group": "America/New_York"}
    opened = [(name, server.connect()) for name in zones for _ in range(3)]
    for name, own in opened:
        query(own, f"USE {name}")
        query(own, f"SET TimeZone = '{zones[name]}'")
    at_once(
        [own for _, own in opened], lambda _, own: insert(own, "INSERT INTO moments VALUES ('2024-01-01 00:00:00')")
    )
    query(connection, "SET TimeZone = 'UTC'")
    for name, hours in (("one_group", "2023-12-31 15:00:00"), ("other_group", "2024-01-01 05:00:00")):
        text = f"SELECT DISTINCT left(t::VARCHAR, 19) AS t, count(*) OVER () AS n FROM {name}.moments"
        found = query(connection, text)
        assert found.to_pylist() == [{"t": hours, "n": 3}]
        query(connection, f"DROP SCHEMA {name} CASCADE")
