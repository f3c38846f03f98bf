"""What the journal could not read is told in it."""

import time
from pathlib import Path

from tests.harness import Server
from tests.journal.asking import flush, history, journalled, verdict
from tests.journal.lake import change

COMMITS = """__ducklake_metadata_lakehouse.ducklake_snapshot_changes
    WHERE author = 'admin' AND commit_message = 'insert'"""


def test_snapshots_that_were_expired_unread_are_a_gap(data: Path) -> None:
    with Server(data, "--journal-flush-s", "3600") as server:
        server.rows("CREATE TABLE people (id INTEGER)")
        journalled(server, "people", "id")
        flush(server)
        server.rows("INSERT INTO people VALUES (1)")
        server.rows("UPDATE people SET id = 2")
        server.kill()
        change(
            data,
            f"SET VARIABLE gone = (SELECT list(snapshot_id) FROM {COMMITS})",
            "CALL ducklake_expire_snapshots('lakehouse', versions => getvariable('gone')::UBIGINT[])",
        )
        server.start()
        flush(server)
        [gap] = server.rows("SELECT * FROM catalog.journal WHERE change = 'gap'")
        assert "expired before the journal had read them" in gap["detail"]
        assert [c[0] for c in history(server, "people", 2)] == ["insert"]
        server.rows("INSERT INTO people VALUES (3)")
        assert len(history(server, "people", 3)) == 1
        assert verdict(server)["problem"] is None
        server.stop()
        server.start()
        assert server.rows("SELECT count(*) AS n FROM catalog.journal WHERE change = 'gap'") == [{"n": 1}]


def test_what_compaction_writes_anew_is_no_change(data: Path) -> None:
    with Server(data, "--journal-flush-s", "3600") as server:
        server.rows("CREATE TABLE people (id INTEGER)")
        journalled(server, "people", "id")
        for number in range(6):
            server.rows("INSERT INTO people VALUES (?)", [number])
        server.rows("DELETE FROM people WHERE id = 3")
        server.kill()
        change(
            data,
            "CALL ducklake_rewrite_data_files('lakehouse', 'people', schema => 'main', delete_threshold => 0)",
            "CALL ducklake_merge_adjacent_files('lakehouse', 'people', schema => 'main')",
        )
        server.start()
        server.rows("INSERT INTO people VALUES (7)")
        flush(server)
        found = server.rows("SELECT change FROM catalog.journal ORDER BY sequence")
        changes = ["begin", "create", "journal_on", *["insert"] * 6, "delete", "insert"]
        assert [row["change"] for row in found] == changes
        assert verdict(server)["problem"] is None


def test_rows_that_can_not_be_read_any_more_become_a_gap_and_the_rest_goes_on(data: Path) -> None:
    with Server(data, "--journal-flush-s", "3600") as server:
        server.rows("CREATE TABLE people (id INTEGER)")
        journalled(server, "people", "id")
        flush(server)
        server.rows("INSERT INTO people VALUES (1)")
        server.kill()
    for file in (data / "lake" / "main" / "people").iterdir():
        file.unlink()
    with Server(data, "--journal-flush-s", "0.05", "--log-level", "error") as server:
        server.rows("CREATE TABLE other (id INTEGER)")
        gap = "SELECT dataset, detail FROM catalog.journal WHERE change = 'gap'"
        deadline = time.monotonic() + 60
        while not (found := server.rows(gap)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [row["dataset"] for row in found] == ["people"]
        assert "can't be read" in found[0]["detail"]
        journalled(server, "other", "id")
        server.rows("INSERT INTO other VALUES (2)")
        assert len(history(server, "other", 2)) == 1
        assert verdict(server)["problem"] is None
        assert "changes can't be journalled" in server.log.read_text()
