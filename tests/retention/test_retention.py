"""Old snapshots expire, and nothing else does."""

import time
from pathlib import Path

import pytest

from server.engine.commits import commit
from server.errors import Conflict, SqlError
from tests.harness import Server
from tests.journal.asking import flush, journalled, verdict
from tests.retention.inside import expired, retention_of, snapshots, write

WAIT_S = 200.0


@pytest.fixture
def written(data: Path) -> Path:
    """A stopped server's lake with the journalled table main.written (id)."""
    with Server(data) as server:
        server.rows("CREATE TABLE written (id INTEGER)")
        journalled(server, "written", "id")
    return data


def test_too_many_snapshots_expire_and_no_row_or_event_is_lost(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with retention_of(written, monkeypatch, snapshots_kept_max=5) as (retention, engine):
        for number in range(30):
            write(engine, number)
        before = snapshots(engine)
        count = expired(retention)
        kept = snapshots(engine)
        assert count > 20
        assert kept == sorted({*kept, *before[-3:]})  # the journal's own commit is one of those that stay
        assert len(kept) < 15
        assert engine.read(lambda c: c.rows("SELECT count(*) FROM lakehouse.main.written")) == [(30,)]
        with pytest.raises(SqlError):
            engine.read(lambda c: c.rows(f"SELECT * FROM lakehouse.main.written AT (VERSION => {before[5]})"))
        seen = engine.read(
            lambda c: c.rows(f"SELECT count(*) FROM lakehouse.main.written AT (VERSION => {before[-2]})")
        )
        assert seen[0][0] > 0
    with Server(written) as server:
        flush(server)
        changes = server.rows("SELECT change, count(*) AS n FROM catalog.journal GROUP BY ALL")
        assert {row["change"]: row["n"] for row in changes}["insert"] == 30
        assert "gap" not in {row["change"] for row in changes}
        assert verdict(server)["problem"] is None


def test_old_snapshots_expire_but_never_the_newest(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with retention_of(written, monkeypatch, snapshots_kept_s=0.0) as (retention, engine):
        write(engine, 1)
        newest = snapshots(engine)[-1]
        assert expired(retention) > 0
        assert snapshots(engine)[-1] >= newest
        write(engine, 2)
        assert engine.read(lambda c: c.rows("SELECT count(*) FROM lakehouse.main.written")) == [(2,)]
    with retention_of(written, monkeypatch, snapshots_kept_s=3600.0) as (retention, engine):
        assert retention.expire() == 0


def test_a_transaction_keeps_what_its_commit_is_compared_with(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with retention_of(written, monkeypatch, snapshots_kept_max=1) as (retention, engine):
        write(engine, 1)
        assert expired(retention) > 0
        cursor = engine.cursor("admin")
        cursor.execute("BEGIN")
        assert cursor.rows("SELECT count(*) FROM lakehouse.main.written") == [(1,)]
        begun = snapshots(engine)[-1]
        cursor.execute("UPDATE lakehouse.main.written SET id = id + 10")
        engine.commit("admin", "update", lambda c: c.execute("UPDATE lakehouse.main.written SET id = id + 100"))
        for number in range(5):
            write(engine, number)
            retention.expire()
        assert begun in snapshots(engine)
        assert cursor.rows("SELECT id FROM lakehouse.main.written") == [(11,)]
        with pytest.raises(Conflict):
            commit(cursor, "admin", "late")
        cursor.close()
        assert expired(retention) > 0
        assert begun not in snapshots(engine)


def test_it_waits_for_a_transaction_that_has_changed_a_schema(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with retention_of(written, monkeypatch, snapshots_kept_max=1) as (retention, engine):
        for number in range(5):
            write(engine, number)
        cursor = engine.cursor("admin")
        retention._needed()
        cursor.execute("BEGIN")
        cursor.execute("CREATE TABLE lakehouse.main.made AS SELECT 1 AS a")
        assert retention.expire() == 0
        commit(cursor, "admin", "made")
        cursor.close()
        assert expired(retention) > 0
        assert engine.read(lambda c: c.rows("SELECT a FROM lakehouse.main.made")) == [(1,)]


def test_nothing_expires_while_rows_are_erased(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with retention_of(written, monkeypatch, snapshots_kept_max=1) as (retention, engine):
        write(engine, 1)
        with engine.history:
            assert retention.expire() == 0
        assert expired(retention) > 0


def test_a_server_expires_by_itself_beside_clients_that_read_write_and_change_schemas(data: Path) -> None:
    kept = 10
    with Server(data, "--snapshots-kept-max", str(kept)) as server:
        server.rows("CREATE TABLE counted (id INTEGER)")
        deadline, number, fewest = time.monotonic() + WAIT_S, 0, 10 * kept
        while number < kept or fewest > 2 * kept:
            assert time.monotonic() < deadline
            server.rows("INSERT INTO counted VALUES (?)", [number])
            server.rows("CREATE OR REPLACE TABLE made AS SELECT count(*) AS n FROM counted")
            number += 1
            assert server.rows("SELECT n FROM made") == [{"n": number}]
            fewest = server.rows("SELECT count(*) AS n FROM catalog.snapshots")[0]["n"]
        server.stop()
        server.start()
        assert server.rows("SELECT count(*) AS n FROM counted") == [{"n": number}]


def test_a_table_is_known_to_be_as_old_as_it_is_once_its_first_snapshot_is_gone(data: Path) -> None:
    made = "SELECT epoch_ms(created_at) AS at FROM catalog.datasets WHERE dataset = 'aged'"
    with Server(data, "--snapshots-kept-max", "1") as server:
        server.rows("CREATE TABLE aged AS SELECT 1 AS a")
        before = server.rows(made)[0]["at"]
        first, deadline = (
            server.rows("SELECT min(snapshot_id) AS n FROM catalog.snapshots")[0]["n"],
            time.monotonic() + WAIT_S,
        )
        while server.rows("SELECT min(snapshot_id) AS n FROM catalog.snapshots")[0]["n"] == first:
            assert time.monotonic() < deadline
            server.rows("INSERT INTO aged VALUES (2)")
        assert abs(server.rows(made)[0]["at"] - before) < 10_000
