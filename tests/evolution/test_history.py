"""catalog.schema_changes: what changed, when and by whom, whoever changed it, for longer than snapshots live."""

import time
from pathlib import Path
from typing import Any

from tests.evolution.sending import send
from tests.harness import Server

WAIT_S = 60.0
LOOK_S = 0.1
COLUMNS = "dataset, change, column_name, old_value, new_value, actor"


def changes(server: Server, where: str) -> list[tuple[Any, ...]]:
    rows = server.rows(
        f"SELECT {COLUMNS} FROM catalog.schema_changes WHERE {where} ORDER BY snapshot_id, change, column_name"
    )
    return [tuple(row.values()) for row in rows]


def test_every_kind_of_change_is_told(server: Server) -> None:
    for statement in (
        "CREATE TABLE evo_h (a INTEGER, s STRUCT(x INTEGER))",
        "INSERT INTO evo_h (a) VALUES (1)",
        "ALTER TABLE evo_h ADD COLUMN b VARCHAR",
        "ALTER TABLE evo_h RENAME COLUMN b TO c",
        "ALTER TABLE evo_h ALTER COLUMN a SET DATA TYPE BIGINT",
        "ALTER TABLE evo_h ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE evo_h ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE evo_h ALTER COLUMN a SET DEFAULT 42",
        "ALTER TABLE evo_h ADD COLUMN s.y DATE",
        "ALTER TABLE evo_h DROP COLUMN c",
        "CREATE VIEW evo_hv AS SELECT a FROM evo_h",
        "CREATE OR REPLACE VIEW evo_hv AS SELECT 1 AS one",
        "DROP VIEW evo_hv",
        "ALTER TABLE evo_h RENAME TO evo_h2",
        "CREATE OR REPLACE TABLE evo_h2 (z DATE)",
        "DROP TABLE evo_h2",
    ):
        server.rows(statement)
    who = "admin"
    assert changes(server, "starts_with(dataset, 'evo_h')") == [
        ("evo_h", "create table", None, None, None, who),
        ("evo_h", "add column", "b", None, "VARCHAR", who),
        ("evo_h", "rename column", "c", "b", "c", who),
        ("evo_h", "retype column", "a", "INTEGER", "BIGINT", who),
        ("evo_h", "set not null of column", "a", None, None, who),
        ("evo_h", "drop not null of column", "a", None, None, who),
        ("evo_h", "set default of column", "a", None, None, who),
        ("evo_h", "add column", "s.y", None, "DATE", who),
        ("evo_h", "drop column", "c", "VARCHAR", None, who),
        ("evo_hv", "create view", None, None, None, who),
        ("evo_hv", "replace view", None, None, None, who),
        ("evo_hv", "drop view", None, None, None, who),
        ("evo_h2", "rename table", None, "evo_h", "evo_h2", who),
        ("evo_h2", "replace table", None, None, None, who),
        ("evo_h2", "drop table", None, None, None, who),
    ]


def test_one_query_tells_what_changed_last_week_and_who_did_it(server: Server) -> None:
    server.rows("CREATE SCHEMA evo_s")
    server.rows("CREATE TABLE evo_s.t (id BIGINT)")
    send(server, "evo_s.t", "parquet", id=[1], note=["x"])
    rows = server.rows(
        "SELECT changed_at, actor, dataset, change, column_name, old_value, new_value, source "
        "FROM catalog.schema_changes WHERE changed_at > now() - INTERVAL 7 DAYS ORDER BY changed_at DESC"
    )
    found = [row for row in rows if row["dataset"] == "evo_s.t"]
    assert [(row["change"], row["column_name"], row["source"]) for row in found] == [
        ("add column", "note", "ingest rows.parquet into evo_s.t"),
        ("create table", None, "create"),
    ]


def test_changes_of_the_servers_own_tables_are_left_out(server: Server) -> None:
    assert changes(server, "split_part(dataset, '.', 1) IN ('catalog', 'vectors', 'deleted')") == []


def make_changes(server: Server) -> list[tuple[Any, ...]]:
    server.rows("CREATE TABLE kept (id BIGINT, a VARCHAR)")
    server.rows("ALTER TABLE kept RENAME COLUMN a TO b")
    send(server, "kept", "stream", id=[1], b=["x"], more=[1.5])
    server.rows("CREATE TABLE dropped (id BIGINT)")
    server.rows("DROP TABLE dropped")
    found = changes(server, "true")
    assert [row[1] for row in found] == ["create table", "rename column", "add column", "create table", "drop table"]
    return found


def test_history_outlives_snapshots_that_expire(data: Path) -> None:
    with Server(data, "--snapshots-kept-max", "3") as server:
        before = make_changes(server)
        newest = server.rows("SELECT max(snapshot_id) AS n FROM catalog.schema_changes")[0]["n"]
        deadline = time.monotonic() + WAIT_S
        while server.rows("SELECT min(snapshot_id) AS n FROM catalog.snapshots")[0]["n"] <= newest:
            server.rows("INSERT INTO kept (id) VALUES (2)")
            assert time.monotonic() < deadline
            time.sleep(LOOK_S)
        assert changes(server, "true") == before
        server.rows("ALTER TABLE kept DROP COLUMN more")
        last = ("kept", "drop column", "more", "DOUBLE", None, "admin")
        assert changes(server, "true") == [*before, last]
        server.kill()
        server.start()
        assert changes(server, "true") == [*before, last]


def test_history_outlives_an_erasure(data: Path) -> None:
    with Server(data) as server, server.operations() as operations:
        before = make_changes(server)
        operations.call("tombstone", dataset="kept", key_column="id", key_values=[1])
        operations.call("erase", dataset="kept", wait=True)
        assert changes(server, "true") == before
