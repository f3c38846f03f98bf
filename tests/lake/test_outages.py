"""A service that is away: a clear error without secrets, at start and later, and work goes on once it is back."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from tests.harness import Server, query
from tests.lake.postgres import PASSWORD, PASSWORD_IN_URL, Postgres
from tests.lake.s3 import SECRET_KEY, S3Server
from tests.startup.refusal import refusal

SECRETS = (PASSWORD, PASSWORD_IN_URL, SECRET_KEY)


def shows_no_secret(text: str) -> bool:
    return not [secret for secret in SECRETS if secret in text]


@pytest.mark.s3
def test_s3_that_goes_away_and_comes_back(data: Path, s3: S3Server, on_s3: Mapping[str, str]) -> None:
    unread = {**on_s3, "LAKEHOUSE_PII_DETECTION": "false"}  # which reads new files, so that they are in memory then
    with Server(data, environment=unread) as server:
        connection = server.connect()
        query(connection, "CREATE TABLE t AS SELECT i FROM range(1000) r(i)")
        s3.stop()
        try:
            for statement in ("SELECT sum(i) FROM t", "INSERT INTO t VALUES (1)", "CREATE TABLE u AS SELECT 1 AS a"):
                with pytest.raises(dbapi.Error, match=r"Could not connect .*\[unavailable\]") as error:
                    query(connection, statement)
                assert shows_no_secret(str(error.value))
            assert query(connection, "SELECT dataset FROM catalog.datasets").to_pylist() == [{"dataset": "t"}]
        finally:
            s3.start()
        query(connection, "INSERT INTO t VALUES (1000)")
        assert query(connection, "SELECT count(*) AS n FROM t").to_pylist() == [{"n": 1001}]
        assert server.stop() == 0
    log = server.log.read_text()
    assert shows_no_secret(log)
    assert "Traceback" not in log


@pytest.mark.postgres
def test_postgres_that_goes_away_and_comes_back(data: Path, postgres: Postgres, on_postgres: Mapping[str, str]) -> None:
    with Server(data, environment=on_postgres) as server:
        connection = server.connect()
        query(connection, "CREATE TABLE t AS SELECT i FROM range(1000) r(i)")
        postgres.stop()
        try:
            for statement in ("SELECT sum(i) FROM t", "INSERT INTO t VALUES (1)", "SELECT * FROM catalog.datasets"):
                with pytest.raises(dbapi.Error, match="unavailable") as error:
                    query(connection, statement)
                assert shows_no_secret(str(error.value))
            with pytest.raises(LakehouseError, match="can't check logins now") as refused:
                server.operations()
            assert "127.0.0.1" not in refused.value.message
        finally:
            postgres.start()
        query(connection, "INSERT INTO t VALUES (1000)")
        assert query(connection, "SELECT count(*) AS n FROM t").to_pylist() == [{"n": 1001}]
        assert server.stop() == 0
    log = server.log.read_text()
    assert shows_no_secret(log)
    assert "Traceback" not in log


@pytest.mark.postgres
@pytest.mark.parametrize("damage", ["other password", "no such database", "no server", "no address"])
def test_catalog_that_can_not_be_reached_at_start_is_told_without_its_password(
    data: Path, on_postgres: Mapping[str, str], damage: str
) -> None:
    address = on_postgres["LAKEHOUSE_LAKE_CATALOG"]
    changed, reason = {
        "other password": (address.replace("%25lake", "%25sea"), "password authentication failed"),
        "no such database": (address + "_gone", "does not exist"),
        "no server": (address.replace("@127.0.0.1:", "@127.0.0.1:1"), "setting lake_catalog|refused|invalid port"),
        "no address": (f"postgres:nonsense password={PASSWORD}", "client can't read this address"),
    }[damage]
    server = Server(data, environment={"LAKEHOUSE_LAKE_CATALOG": changed})
    text = refusal(server) + server.log.read_text()
    assert any(words in text for words in reason.split("|"))
    assert shows_no_secret(text)
    assert "%25sea" not in text


@pytest.mark.postgres
def test_address_in_libpqs_own_form_works_too(data: Path, postgres: Postgres) -> None:
    postgres.create_database("own_form")
    address = f"postgres:host=127.0.0.1 port={postgres.port} user=keeper dbname=own_form password='{PASSWORD}'"
    with Server(data, environment={"LAKEHOUSE_LAKE_CATALOG": address}) as server:
        server.rows("CREATE TABLE t AS SELECT 1 AS a")
    assert postgres.execute("SELECT table_name FROM ducklake_table WHERE table_name = 't'", "own_form") == [("t",)]


@pytest.mark.s3
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"LAKEHOUSE_S3_SECRET_KEY": "wrong-secret-of-theirs"}, "403"),
        ({"LAKEHOUSE_LAKE_DATA": "s3://no-such-bucket/x"}, "NoSuchBucket|404"),
        ({"LAKEHOUSE_S3_ENDPOINT": "127.0.0.1:1"}, "Could not connect"),
    ],
)
def test_s3_that_can_not_be_used_at_start_is_told_without_its_secret(
    data: Path, on_s3: Mapping[str, str], changes: dict[str, str], reason: str
) -> None:
    server = Server(data, environment={**on_s3, **changes})
    text = refusal(server) + server.log.read_text()
    assert any(words in text for words in reason.split("|")), text
    assert shows_no_secret(text)
    assert "wrong-secret-of-theirs" not in text
