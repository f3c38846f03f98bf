"""Erasing a lake on Postgres, or with its files on S3: nothing is left, and what can't be seen is told."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import psycopg
import pytest
from adbc_driver_manager import dbapi

from tests.erasure.marked import MARKERS, ROWS, call_with_keys, in_bytes, make_marked
from tests.erasure.people import make_people, tombstone
from tests.harness import Server, query
from tests.lake import postgres, s3
from tests.lake.s3 import S3Server

GUEST_PASSWORD = "kept-from-everybody"
SECRETS = (postgres.PASSWORD, postgres.PASSWORD_IN_URL, s3.SECRET_KEY)


def erase(connection: dbapi.Connection, dataset: str) -> dict[str, tuple[str, str]]:
    """Surface → verdict and detail, of those that are not clean."""
    rows = query(connection, "CALL erase(dataset := ?)", (dataset,)).to_pylist()
    return {row["surface"]: (row["verdict"], row["detail"]) for row in rows if row["verdict"] != "clean"}


def nothing_left(folders: list[Path], address: str | None) -> None:
    assert [in_bytes(folder) for folder in folders] == [{} for _ in folders]
    assert [in_parquet(folder) for folder in folders] == [{} for _ in folders]
    assert not address or in_catalog(address) == {}


def in_catalog(address: str) -> dict[str, list[str]]:
    """Marker → tables of a database that show it, those of Postgres itself included."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(address) as connection:
        tables = connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'").fetchall()
        for (table,) in tables:
            held = str(connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall())
            for marker in MARKERS:
                if marker in held:
                    found.setdefault(marker, []).append(table)
    return found


def in_parquet(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        for file in folder.rglob("*.parquet"):
            for marker in MARKERS:
                text = f"SELECT count(*) FROM read_parquet('{file}') t WHERE contains(t::VARCHAR, ?)"
                if connection.execute(text, [marker]).fetchall()[0][0]:
                    found.setdefault(marker, []).append(file.name)
    return found


def test_nothing_of_what_was_erased_is_left_in_any_place(
    data: Path, place: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    address, bucket = place.get("LAKEHOUSE_LAKE_CATALOG"), place.get("LAKEHOUSE_LAKE_DATA")
    expected: set[str] = set()
    folders = [data]
    if address:
        expected |= {"catalog", "other servers"}
    if bucket:
        expected |= {"lake files"}
        server_of_files: S3Server = request.getfixturevalue("s3")
        folders.append(server_of_files.root / bucket.split("/")[2])
    with Server(data, environment=place) as server, server.connect() as connection:
        make_marked(connection, "marked")
        call_with_keys(connection, "marked")
        assert any(in_parquet(folder) for folder in folders), "the markers are where they should not be seen any more"
        if address:
            with psycopg.connect(address) as own:
                own.execute("ANALYZE")  # what autovacuum does at a time of its own
            assert "pg_statistic" in {table for tables in in_catalog(address).values() for table in tables}
        surfaces = erase(connection, "marked")
        assert {name: verdict for name, (verdict, _) in surfaces.items()} == dict.fromkeys(expected, "unproven")
        nothing_left(folders, address)
        assert query(connection, "SELECT 1 FROM marked").num_rows == ROWS
        # Bounds of a later commit are made of those that the catalog has.
        query(connection, "INSERT INTO marked SELECT * FROM marked WHERE price = 3")
        query(connection, "DELETE FROM marked WHERE note = 'note 17'")
        nothing_left(folders, address)
        told = str(surfaces) + str(query(connection, "FROM catalog.erasures").to_pylist()) + server.log.read_text()
        assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.postgres
def test_what_postgres_does_not_let_its_user_vacuum_is_told(data: Path, on_postgres: Mapping[str, str]) -> None:
    address = on_postgres["LAKEHOUSE_LAKE_CATALOG"]
    with Server(data, environment=on_postgres) as server, server.connect() as connection:
        make_people(connection, "people")
        tombstone(connection, "people", "ada")
    with psycopg.connect(address, autocommit=True) as own:
        own.execute(f"CREATE ROLE guest LOGIN PASSWORD '{GUEST_PASSWORD}'".encode())
        own.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    guest = address.replace(f"{postgres.USER}:{postgres.PASSWORD_IN_URL}", f"guest:{GUEST_PASSWORD}")
    with Server(data, environment={**on_postgres, "LAKEHOUSE_LAKE_CATALOG": guest}) as server:
        connection = server.connect()
        verdict, detail = erase(connection, "people")["catalog"]
        assert verdict == "unproven"
        assert '"ducklake_column" may not be vacuumed' in detail
        assert GUEST_PASSWORD not in detail + server.log.read_text()
        assert query(connection, "SELECT 1 FROM people").num_rows == 8


@pytest.mark.postgres
def test_another_ones_transaction_in_the_catalog_does_not_stop_an_erasure(
    data: Path, on_postgres: Mapping[str, str]
) -> None:
    with (
        Server(data, environment=on_postgres) as server,
        server.connect() as connection,
        psycopg.connect(on_postgres["LAKEHOUSE_LAKE_CATALOG"]) as other,
    ):
        make_people(connection, "people")
        tombstone(connection, "people", "ada")
        other.execute("SELECT * FROM ducklake_column")
        verdict, detail = erase(connection, "people")["catalog"]
        assert verdict == "unproven"
        assert "LockNotAvailable" in detail
