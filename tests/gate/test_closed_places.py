"""What is closed to everybody, attacked by the administrator."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, lakehouse_error
from tests.gate.attempts import ATTEMPTS, REFUSED_BY_DUCKDB, UNREADABLE
from tests.harness import Server, query

STATE = """SELECT (SELECT count(*) FROM catalog.snapshots WHERE author <> 'lakehouse') AS commits,
    (SELECT list(a ORDER BY a) FROM main.own) AS rows, current_schema() AS schema"""
REFUSALS = ("permission_denied", "invalid_argument")


class Lake:
    """The shared server with something to attack, and what must be the same after an attempt as before."""

    def __init__(self, server: Server, connection: dbapi.Connection) -> None:
        self.connection = connection
        data = server.data.resolve()
        self._places = {
            "catalog": str(data / "catalog" / "lake.ducklake"),
            "lake": str(data / "lake"),
            "import": str(data / "import"),
            "export": str(data / "export"),
        }
        self._data = data
        query(connection, "CREATE OR REPLACE TABLE main.own AS SELECT unnest([1, 2])::INTEGER AS a")
        (data / "import" / "a.csv").write_text("a\n1\n")
        link = data / "import" / "link.csv"
        link.unlink(missing_ok=True)
        link.symlink_to(self._places["catalog"])

        newest = query(connection, "SELECT max(snapshot_id) AS id FROM catalog.snapshots").to_pylist()
        self._places["snapshot"] = str(newest[0]["id"])

    def text(self, attempt: str) -> str:
        return attempt.replace("\\n", "\n").format(**self._places)

    def state(self) -> object:
        """The administrator's commits and rows, his session's schema, the files in the folders that he may write."""
        folders = [sorted(path.name for path in (self._data / name).rglob("*")) for name in ("export", "lake/main")]
        return query(self.connection, STATE).to_pylist(), folders

    def remove(self) -> None:
        query(self.connection, "DROP TABLE main.own")
        for name in ("a.csv", "link.csv"):
            (self._data / "import" / name).unlink()


@pytest.fixture(scope="module")
def lake(server: Server) -> Iterator[Lake]:
    with server.connect() as connection:
        lake = Lake(server, connection)
        yield lake
        lake.remove()


@pytest.fixture(scope="module", params=["USE catalog", "SET schema = 'Catalog'"])
def in_catalog(server: Server, request: pytest.FixtureRequest) -> Iterator[dbapi.Connection]:
    """A session whose unqualified names mean the control schema."""
    with server.connect() as connection:
        query(connection, request.param)
        assert query(connection, "SELECT count(*) AS n FROM settings").to_pylist()[0]["n"] > 0
        yield connection


def refusal(connection: dbapi.Connection, sql: str) -> LakehouseError:
    with pytest.raises(dbapi.Error) as raised:
        query(connection, sql)
    return lakehouse_error(raised.value)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_administrator_is_refused_and_nothing_changes(lake: Lake, attempt: str) -> None:
    sql = lake.text(attempt)
    before = lake.state()
    error = refusal(lake.connection, sql)
    assert error.code in REFUSALS, error
    assert lake.state() == before


@pytest.mark.parametrize("attempt", REFUSED_BY_DUCKDB)
def test_duckdb_itself_refuses_it_and_nothing_changes(lake: Lake, attempt: str) -> None:
    before = lake.state()
    assert refusal(lake.connection, lake.text(attempt)).code == "sql_error"
    assert lake.state() == before


@pytest.mark.parametrize("attempt", UNREADABLE, ids=ascii)
def test_what_a_reader_can_not_see_is_refused(lake: Lake, attempt: str) -> None:
    before = lake.state()
    assert refusal(lake.connection, attempt).code in REFUSALS
    assert lake.state() == before


@pytest.mark.parametrize(
    "attempt",
    [
        "INSERT INTO ingests SELECT * FROM ingests",
        "INSERT INTO ingests SELECT i.* FROM catalog.ingests i",
        "INSERT INTO lakehouse.ingests SELECT * FROM ingests",
        "INSERT INTO 'ingests' SELECT * FROM ingests",
        "DELETE FROM query_log_entries",
        "UPDATE ingests SET actor = main.own.a::VARCHAR FROM main.own",
        "DROP TABLE query_log_entries",
        "DROP VIEW lakehouse.principals",
        "CREATE TABLE mine AS SELECT 1 AS a",
        "CREATE OR REPLACE VIEW settings AS SELECT own.a FROM main.own",
        "CREATE MACRO mine() AS 1",
        "CREATE TABLE temp AS SELECT 1 AS a",
        "CREATE TABLE temporary (temp INTEGER)",
        "ALTER TABLE ingests DROP COLUMN actor",
        "COMMENT ON COLUMN ingests.actor IS 'mine'",
        "SELECT * FROM principal_events",
        "FROM table_insertions('principal_events', 0, 1)",
    ],
)
def test_the_control_schema_stays_closed_as_the_schema_of_a_session(
    lake: Lake, in_catalog: dbapi.Connection, attempt: str
) -> None:
    before = lake.state()
    assert refusal(in_catalog, attempt).code == "permission_denied"
    assert lake.state() == before


def test_a_statement_prepared_in_one_schema_is_checked_again_in_another(lake: Lake, server: Server) -> None:
    before = lake.state()
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.adbc_prepare("DELETE FROM migrations")
        query(connection, "USE catalog")
        with pytest.raises(dbapi.Error) as raised:
            cursor.execute("DELETE FROM migrations")
    assert lakehouse_error(raised.value).code == "permission_denied"
    assert lake.state() == before


@pytest.mark.parametrize("attempt", ["SELECT * FROM vectors.idx", "DELETE FROM catalog.ingests WHERE actor = ?"])
def test_what_is_closed_can_not_be_prepared(lake: Lake, attempt: str) -> None:
    with lake.connection.cursor() as cursor, pytest.raises(dbapi.Error) as raised:
        cursor.adbc_prepare(attempt)
    assert lakehouse_error(raised.value).code == "permission_denied"


def test_rows_are_not_loaded_into_closed_places(lake: Lake) -> None:
    before = lake.state()
    for schema in ("catalog", "Catalog", "vectors", "deleted"):
        with lake.connection.cursor() as cursor, pytest.raises(dbapi.Error) as raised:
            cursor.adbc_ingest("ingests", pa.table({"a": [1]}), mode="create_append", db_schema_name=schema)
        assert lakehouse_error(raised.value).code == "permission_denied", schema
    assert lake.state() == before


def test_a_link_that_appears_after_a_first_use_is_noticed(lake: Lake, server: Server, tmp_path: Path) -> None:
    folder = server.data / "import" / "watched"
    folder.mkdir()
    file = folder / "x.txt"
    file.write_text("open")
    sql = f"SELECT content FROM read_text('{file}')"
    pattern = f"SELECT content FROM read_text('{folder}/*')"
    assert (
        query(lake.connection, sql).to_pylist() == query(lake.connection, pattern).to_pylist() == [{"content": "open"}]
    )
    secret = tmp_path / "secret"
    secret.write_text("closed")
    file.unlink()
    file.symlink_to(secret)
    assert refusal(lake.connection, sql).code == refusal(lake.connection, pattern).code == "permission_denied"
    file.unlink()
    folder.rmdir()


@pytest.mark.parametrize(
    "allowed",
    [
        "SELECT count(*) FROM catalog.settings",
        "INSERT INTO main.own SELECT 3 FROM catalog.settings WHERE false",
        "CREATE OR REPLACE TEMP TABLE mine AS SELECT * FROM catalog.datasets",
        "UPDATE main.own SET a = a WHERE a::VARCHAR IS DISTINCT FROM '/etc/hosts'",
        "INSERT INTO main.own SELECT 3 FROM (VALUES ('a', '/etc/hosts')) t(a, \"km/h\") WHERE false",
        "DELETE FROM main.own WHERE a::VARCHAR IN ('/x.csv', 'b.csv')",
        "EXPLAIN ANALYZE SELECT * FROM main.own",
        "EXPLAIN (FORMAT json) (SELECT * FROM main.own)",
        "EXPLAIN INSERT INTO main.own VALUES (1)",
        "INSERT INTO main.own SELECT 3 FROM (VALUES ('a'), ('/b/c.csv')) t(v) WHERE false",
        "MERGE INTO main.own USING (SELECT 9 AS a) s ON own.a = s.a WHEN MATCHED THEN UPDATE SET a = length('/x.csv')",
        "SELECT * FROM read_csv('{import}/a.csv', header := true)",
        "SELECT * FROM read_csv(['{import}/a.csv', '{import}/a.csv'])",
        "CREATE OR REPLACE TEMP TABLE mine AS FROM read_csv(['{import}/a.csv'], header = true)",
        "COPY main.own TO '{export}/own.csv' (HEADER)",
        "CREATE OR REPLACE TABLE options (a INTEGER)",
        "DROP TABLE options",
        "FROM lakehouse.table_insertions('own', {snapshot}, {snapshot})",
    ],
)
def test_what_is_open_is_not_refused(lake: Lake, allowed: str) -> None:
    query(lake.connection, lake.text(allowed))
