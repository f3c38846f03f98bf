"""Single inserts at the same time: committed together, each one's own in what it says, who made it and how it fails."""

import contextlib
import datetime as dt
import decimal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, lakehouse_error
from tests.door.bare import Bare
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


def insert(connection: dbapi.Connection, text: str, values: Any = None) -> LakehouseError | None:
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


def test_values_of_every_type_and_none_go_in_together(
    clients: list[dbapi.Connection], connection: dbapi.Connection
) -> None:
    """One client binds nothing but NULL, others texts and numbers for the same column, one a type that DuckDB lacks."""
    query(connection, "CREATE OR REPLACE TABLE mixed (client INTEGER, v VARCHAR)")
    values: list[Any] = [None, "text", 7, 7.5, b"bytes", True]
    odd = pa.record_batch({"0": [7], "1": pa.array([decimal.Decimal(10) ** 60], pa.decimal256(70, 0))})

    def work(client: int, own: dbapi.Connection) -> list[LakehouseError | None]:
        if client == 7:
            return [insert(own, "INSERT INTO mixed VALUES (?, ?)", odd) for _ in range(5)]
        given = values[client % len(values)]
        return [insert(own, "INSERT INTO mixed VALUES (?, ?)", (client, given)) for _ in range(10)]

    *answers, refused = at_once(clients, work)
    assert {error for errors in answers for error in errors} == {None}
    assert {error.code for error in refused if error is not None} <= {"invalid_argument", "sql_error"}
    assert None not in refused
    assert query(connection, "SELECT count(*) AS n FROM mixed")["n"][0].as_py() == 70


def test_bound_times_are_in_the_zone_of_their_session(
    clients: list[dbapi.Connection], connection: dbapi.Connection
) -> None:
    query(connection, "CREATE OR REPLACE TABLE zoned (client INTEGER, t TIMESTAMPTZ, s VARCHAR)")
    moment = dt.datetime(2024, 1, 1)
    zones = ["Asia/Tokyo", "America/New_York"]
    for number, own in enumerate(clients):
        query(own, f"SET TimeZone = '{zones[number % 2]}'")

    def work(client: int, own: dbapi.Connection) -> None:
        for _ in range(5):
            assert insert(own, "INSERT INTO zoned VALUES (?, ?, ?)", (client, moment, "x")) is None
            assert insert(own, "INSERT INTO zoned VALUES (?, ?, ?)", (client, "2024-01-01 00:00:00", "y")) is None

    at_once(clients, work)
    for own in clients:
        query(own, "RESET TimeZone")
    found = query(
        connection, "SELECT DISTINCT client % 2 AS zone, epoch(t)::BIGINT AS s FROM zoned ORDER BY 1"
    ).to_pylist()
    assert found == [{"zone": 0, "s": 1704067200 - 9 * 3600}, {"zone": 1, "s": 1704067200 + 5 * 3600}]


def test_no_call_of_another_kind_changes_where_a_row_goes(server: Server, connection: dbapi.Connection) -> None:
    """A session's schema is set to a closed one while its insert is being committed with others."""
    query(connection, "CREATE OR REPLACE TABLE main.ingests (c INTEGER)")
    before = query(connection, "SELECT count(*) AS n FROM catalog.ingests")["n"][0].as_py()
    crowd = [server.connect() for _ in range(3)]
    with Bare(server) as one:
        other = Bare(server, *one.headers)
        stop = threading.Event()

        def busy(own: dbapi.Connection) -> None:
            while not stop.is_set():
                insert(own, "INSERT INTO ingests VALUES (?)", (1,))

        def switch() -> None:
            while not stop.is_set():
                for schema in ("catalog", "main"):
                    refusal_or_none(lambda schema=schema: other.update(f"SET schema = '{schema}'"))  # type: ignore[misc]

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(busy, own) for own in crowd] + [pool.submit(switch)]
            for _ in range(15):
                values = "VALUES ('f','d','f','c','f','m',1,1,'somebody else',now())"
                text = f"INSERT INTO ingests /*{'x' * 30_000}*/ {values}"
                refusal_or_none(lambda text=text: one.update(text))  # type: ignore[misc]
            stop.set()
            for task in running:
                task.result()
    for own in crowd:
        own.close()
    assert query(connection, "SELECT count(*) AS n FROM catalog.ingests")["n"][0].as_py() == before
    query(connection, "DROP TABLE main.ingests")


def refusal_or_none(run: Callable[[], object]) -> None:
    with contextlib.suppress(Exception):
        run()
