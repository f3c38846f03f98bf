"""The same work in every place: tables, files, the catalog's views, an index and its search, restarts and SIGKILL."""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query
from tests.ingest.sending import send
from tests.lake import postgres, s3
from tests.lake.conftest import BOTH

SECRETS = (postgres.PASSWORD, postgres.PASSWORD_IN_URL, s3.SECRET_KEY)
PETS = "SELECT doc_id FROM vector_search('pets', 'an animal that purrs', k := 1)"


def work(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE pets (id INTEGER, text VARCHAR, more STRUCT(tags VARCHAR[], seen TIMESTAMPTZ))")
    query(
        connection,
        "INSERT INTO pets VALUES "
        "(1, 'The cat slept all day on the mat.', {tags: ['cat'], seen: '2024-01-01 00:00:00Z'}), "
        "(2, 'Shares fell sharply in early trading.', NULL), (3, 'gone', NULL)",
    )
    query(connection, "UPDATE pets SET text = 'Rain is expected tomorrow.' WHERE id = 3")
    query(connection, "DELETE FROM pets WHERE id = 2")
    query(connection, "ALTER TABLE pets ADD COLUMN note VARCHAR")
    query(connection, "COMMENT ON COLUMN pets.id IS 'the key'")
    query(connection, "CREATE VIEW cats AS SELECT id FROM pets WHERE text LIKE '%cat%'")


def index(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CALL create_index(name := 'pets', dataset := 'pets', key_column := 'id', text_columns := ['text'], "
        "wait := true)",
    )


def check(server: Server) -> None:
    """What was done is there, and the catalog says the same."""
    assert server.rows("SELECT id, text, note FROM pets ORDER BY id") == [
        {"id": 1, "text": "The cat slept all day on the mat.", "note": None},
        {"id": 3, "text": "Rain is expected tomorrow.", "note": None},
    ]
    assert server.rows("FROM cats") == [{"id": 1}]
    datasets = server.rows("SELECT dataset, kind, row_count, owner FROM catalog.datasets ORDER BY dataset")
    assert [tuple(row.values()) for row in datasets] == [
        ("cats", "view", None, None),
        ("loaded", "table", 2, None),
        ("pets", "table", 2, "ann"),
    ]
    columns = server.rows("SELECT column_name, data_type, description FROM catalog.columns WHERE dataset = 'pets'")
    assert {row["column_name"]: (row["data_type"], row["description"]) for row in columns} == {
        "id": ("INTEGER", "the key"),
        "text": ("VARCHAR", None),
        "more": ('STRUCT("tags" VARCHAR[], "seen" TIMESTAMP WITH TIME ZONE)', None),
        "note": ("VARCHAR", None),
    }
    assert server.rows(PETS) == [{"doc_id": "1"}]
    [indexed] = server.rows("SELECT status, row_count FROM catalog.vector_indexes WHERE index_name = 'pets'")
    assert indexed == {"status": "ready", "row_count": 2}
    assert server.rows("SELECT count(*) AS n FROM catalog.snapshots WHERE author = 'admin'")[0]["n"] > 8


def test_work_is_there_after_a_restart_and_after_sigkill(data: Path, place: Mapping[str, str]) -> None:
    with Server(data, environment=place) as server:
        work(server.connect())
        with server.operations() as operations:
            first = send(operations, "loaded", b"a,b\n1,x\n2,y\n")
            again = send(operations, "loaded", b"a,b\n1,x\n2,y\n")
            assert (first["loaded"], again["loaded"], again["ingest_id"]) == (True, False, first["ingest_id"])
            operations.call("set_metadata", dataset="pets", owner="ann")
            [health] = operations.call("health")
        assert health["lake_catalog"] == ("postgres" if "LAKEHOUSE_LAKE_CATALOG" in place else "duckdb")
        assert health["lake_data"] == ("s3" if "LAKEHOUSE_LAKE_DATA" in place else "folder")
        index(server.connect())
        check(server)
        assert server.stop() == 0
        server.start()
        check(server)
        server.kill()
        server.start()
        check(server)
        with server.operations() as operations:
            assert not send(operations, "loaded", b"a,b\n1,x\n2,y\n")["loaded"]
        shown = "".join(str(row) for row in server.rows("FROM catalog.settings"))
    assert [secret for secret in SECRETS if secret in server.log.read_text() + shown + "".join(server.out)] == []
    local = [file.name for file in (data / "lake").rglob("*.parquet")]
    assert bool(local) == ("LAKEHOUSE_LAKE_DATA" not in place)


@pytest.mark.parametrize("place", [BOTH], indirect=True)
def test_acknowledged_rows_survive_sigkill(data: Path, place: Mapping[str, str]) -> None:
    with Server(data, environment=place) as server:
        connection, count = server.connect(), 0
        query(connection, "CREATE TABLE numbers (n INTEGER)")
        for _ in range(3):
            for _ in range(4):
                query(connection, f"INSERT INTO numbers VALUES ({count})")
                count += 1
            server.kill()
            server.start()
            connection = server.connect()
            assert query(connection, "SELECT n FROM numbers ORDER BY n")["n"].to_pylist() == list(range(count))


@pytest.mark.parametrize("place", [BOTH], indirect=True)
def test_other_places_stay_closed(data: Path, place: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    closed = [
        "FROM read_csv('s3://elsewhere/x.csv')",
        f"FROM read_csv('{tmp_path}/secret.csv')",
        f"FROM read_blob('{data}/keys/statement-hmac')",
        f"FROM read_blob('{data}/lake/**')",
        "FROM duckdb_secrets()",
        "FROM duckdb_settings() WHERE name = 's3_secret_access_key' AND value <> ''",
        "SELECT getenv('PGPASSWORD')",
        "FROM postgres_query('__ducklake_metadata_lakehouse', 'SELECT 1')",
        "FROM postgres_scan('', 'public', 'ducklake_table')",
        "FROM __ducklake_metadata_lakehouse.ducklake_table",
        "ATTACH 'postgres:' AS other",
        "COPY (SELECT 1) TO 's3://elsewhere/x.csv'",
        f"COPY (SELECT 1) TO '{place.get('LAKEHOUSE_LAKE_DATA', data / 'lake')}/x.csv'",
        "SET s3_endpoint = 'elsewhere'",
        "CREATE SECRET other (TYPE s3)",
    ]
    with Server(data, environment=place) as server:
        connection = server.connect()
        assert [statement for statement in closed if gives_rows(connection, statement)] == []


def gives_rows(connection: dbapi.Connection, statement: str) -> bool:
    try:
        return query(connection, statement).num_rows > 0
    except dbapi.Error as error:
        return bool([secret for secret in SECRETS if secret in str(error)])


@pytest.mark.s3
def test_lake_of_s3_can_be_left_and_found_by_its_address(data: Path, on_s3: Mapping[str, str]) -> None:
    with Server(data, environment=on_s3) as server:
        server.rows("CREATE TABLE kept AS SELECT 42 AS answer")
    content = base64.b64encode(b"answer\n43\n").decode()
    slashed = {**on_s3, "LAKEHOUSE_LAKE_DATA": on_s3["LAKEHOUSE_LAKE_DATA"] + "/"}
    with Server(data, environment=slashed) as server, server.operations() as operations:
        operations.call("ingest_file", dataset="kept", content=content, file_name="x.csv")
        assert server.rows("FROM kept ORDER BY answer") == [{"answer": 42}, {"answer": 43}]
