"""All keys that seal what the journal tells of an entity are found, whatever they were made for."""

import shutil
import threading
from pathlib import Path

import pytest

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import Unavailable
from tests.harness import Server
from tests.journal.asking import flush, journalled
from tests.journal.inside import journal_of
from tests.journal.lake import change
from tests.journal.test_append import append

MARKERS = ["mark one", 'mark "two"', "mark three", "mark four", "mark five", "mark six"]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that tells of ann by her row, by her key, under two names of the column and two of the dataset."""
    data = tmp_path_factory.mktemp("lived") / "data"
    with Server(data) as server:
        server.rows("CREATE TABLE staff (email VARCHAR, note VARCHAR)")
        journalled(server, "staff")
        server.rows("INSERT INTO staff VALUES ('ann', 'mark one'), ('gone', 'mark six'), ('bob', 'bob''s'), ('x', '')")
        server.rows("DELETE FROM staff WHERE email = 'gone'")
        server.rows("UPDATE staff SET note = ? WHERE email = 'ann'", [MARKERS[1]])
        flush(server)
        journalled(server, "staff", "email")
        server.rows("UPDATE staff SET note = 'mark three' WHERE email = 'ann'")
        append(server, {"dataset": "staff", "key": "ann", "new_value": "mark four"})
        server.rows("ALTER TABLE staff RENAME email TO mail")
        server.rows("ALTER TABLE staff ADD COLUMN email VARCHAR")
        server.rows("ALTER TABLE staff RENAME TO people")
        server.rows("UPDATE people SET note = 'mark five' WHERE mail = 'ann'")
        flush(server)
        assert events_of(server, "people", "ann") == [("update", "mark five")]
        assert events_of(server, "staff", "ann") == [("update", "mark three"), ("update", "mark four")]
        server.stop()
    return data


def events_of(server: Server, dataset: str, key: str) -> list[tuple[str, str]]:
    rows = server.rows("SELECT * FROM entity_history(?, ?) WHERE status = 'readable' ORDER BY sequence", [dataset, key])
    return [(row["change"], row["new_value"]) for row in rows]


def test_first_tombstone_names_the_entities_of_a_journal_that_was_told_none(server: Server) -> None:
    server.rows("CREATE OR REPLACE TABLE jrn_named_late AS SELECT 'ann' AS email, 1 AS a UNION ALL SELECT 'bob', 1")
    journalled(server, "jrn_named_late")
    server.rows("CALL tombstone(dataset := 'jrn_named_late', key_column := 'email', key_values := ['bob'])")
    server.rows("UPDATE jrn_named_late SET a = 2")
    flush(server)
    assert events_of(server, "jrn_named_late", "ann") == [("update", "2")]
    assert [change for change, _ in events_of(server, "jrn_named_late", "bob")] == ["delete"]


@pytest.fixture
def copied(lived: Path, data: Path) -> Path:
    shutil.copytree(lived, data)
    return data


def insert(engine: Engine, name: str) -> None:
    engine.commit("ann", "insert", lambda c: c.execute("INSERT INTO people VALUES (?, 'n', NULL)", [name]))


def test_no_value_of_an_erased_entity_can_be_opened_by_whatever_key(copied: Path) -> None:
    with journal_of(copied) as (journal, _):
        for marker in MARKERS:
            assert journal.holds([marker]), marker
        assert len(journal.readable("people", ["ann"], "email")) == 4
        assert journal.erase("people", ["ann", "gone"], "email") == 4
        assert journal.readable("people", ["ann", "gone"], "email") == journal.holds(MARKERS) == []
        assert journal.holds(["bob's"])
        assert journal.erase("people", ["ann", "gone"], "email") == 0
        assert journal.verify().problem is None


def test_key_of_a_damaged_record_is_destroyed_too(copied: Path) -> None:
    file = copied / "keys" / "journal-subjects"
    data = bytearray(file.read_bytes())
    for record in range(64, len(data), 64):
        data[record] ^= 1  # of the subject's name: no key is found by it any more
    file.write_bytes(data)
    with journal_of(copied) as (journal, _):
        journal.erase("people", ["ann", "gone", "bob", "x"], "email")
    left = file.read_bytes()
    assert sum(data[place + 16 : place + 48] in left for place in range(64, len(data), 64)) == 0


def test_journal_that_is_paused_has_no_transaction_and_misses_nothing(copied: Path) -> None:
    written = threading.Event()
    with journal_of(copied) as (journal, engine):
        with journal.paused():

            def flush_meanwhile() -> None:
                journal.flush()
                written.set()

            flushing = threading.Thread(target=flush_meanwhile)
            flushing.start()
            before = journal.verify().event_count
            insert(engine, "eve")
            assert not written.wait(0.2)
            assert journal.verify().event_count == before
        flushing.join(60)
        assert journal.readable("people", ["eve"])


def test_commits_up_to_what_drain_tells_may_be_expired(copied: Path) -> None:
    def newest(cursor: LakeCursor) -> int:
        return int(cursor.rows("SELECT max(snapshot_id) FROM ducklake_snapshots('lakehouse')")[0][0])

    with journal_of(copied) as (journal, engine):
        engine.commit("ann", "create", lambda c: c.execute("CREATE TABLE unrelated AS SELECT 1 AS a"))
        drained = journal.drain()
        assert drained == engine.read(newest) - 1
    versions = ", ".join(map(str, range(drained + 1)))
    change(copied, f"CALL ducklake_expire_snapshots('lakehouse', versions => [{versions}])")
    with journal_of(copied) as (journal, engine):
        journal.flush()
        gaps = "SELECT count(*) FROM lakehouse.catalog.journal_events WHERE change = 'gap'"
        assert engine.read(lambda cursor: cursor.rows(gaps)) == [(0,)]


def test_what_is_too_much_for_one_transaction_is_written_in_several(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.journal.commits.ROWS_AT_ONCE", 1)
    own = "SELECT count(*) FROM ducklake_snapshots('lakehouse') WHERE commit_message = 'journal'"
    with journal_of(copied) as (journal, engine):
        with journal.paused():
            before = engine.read(lambda cursor: cursor.rows(own))[0][0]
            for name in ("eve", "flo", "gil"):
                insert(engine, name)
            assert journal.flush()[0] == 3
            assert engine.read(lambda cursor: cursor.rows(own))[0][0] == before + 3
        assert [len(journal.readable("people", [name])) for name in ("eve", "flo", "gil")] == [1, 1, 1]


def test_writer_out_of_time_leaves_the_rest_to_the_next_start(copied: Path) -> None:
    with journal_of(copied) as (journal, engine), journal.paused():
        insert(engine, "eve")
        before = journal.verify().event_count
        journal.stop_by(0.0)
        with pytest.raises(Unavailable, match="the next start goes on"):
            journal.flush()
    with journal_of(copied) as (journal, _):
        assert len(journal.readable("people", ["eve"])) == 1
        assert journal.verify().event_count == before + 1


def test_anchor_that_is_damaged_is_told_and_nothing_is_written(copied: Path) -> None:
    (copied / "keys" / "journal-head").write_bytes(b"\xff{")
    with journal_of(copied) as (journal, engine):
        insert(engine, "eve")
        for call in (journal.flush, journal.verify):
            with pytest.raises(Unavailable, match="keys/journal-head is damaged"):
                call()
        (copied / "keys" / "journal-head").unlink()
        journal.flush()
        assert journal.verify().problem is None
