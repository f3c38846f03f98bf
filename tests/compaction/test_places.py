"""Compaction of a lake whose catalog is Postgres, whose data files are on S3, or both."""

from collections.abc import Mapping
from pathlib import Path

from tests.harness import Server


def test_files_are_merged_verified_and_removed_wherever_they_are(data: Path, place: Mapping[str, str]) -> None:
    with Server(data, "--replaced-files-s", "0", environment=place) as server:
        server.rows("CREATE TABLE t (id BIGINT, part VARCHAR)")
        server.rows("ALTER TABLE t SET PARTITIONED BY (part)")
        for first in (0, 10, 20):
            server.rows(f"INSERT INTO t SELECT i, 'x' || i % 2 FROM range({first}, {first + 10}) r(i)")
        server.rows("DELETE FROM t WHERE id IN (3, 13)")
        text = "SELECT rowid, * FROM t ORDER BY rowid"
        before = server.rows(text)
        (told,) = server.rows("CALL compact(dataset := 't')")
        assert (told["files_before"], told["files_after"], told["rows_after"]) == (6, 2, 28)
        assert server.rows(text) == before
