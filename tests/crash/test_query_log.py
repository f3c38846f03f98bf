"""SIGKILL while statements end: the query log has each that was acknowledged, once, and nothing that is not whole."""

import hmac
import random
import shutil
import subprocess
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

from tests.crash.client import at_work
from tests.harness import PASSWORD, Server

KILLS = 10
LIFE_S = (0.0, 0.7)
BUSY = ("--query-log-rows-max", "4", "--log-level", "warning")  # writes to the lake all the time
NEVER = ("--query-log-flush-s", "3600")

COUNTED = "SELECT statement_hmac AS h, count(*) AS n FROM catalog.query_log GROUP BY ALL"
GAPS = """SELECT log_id, count(*) AS n, count(DISTINCT sequence) AS d, max(sequence) - min(sequence) + 1 AS span
    FROM catalog.query_log GROUP BY log_id"""


def hmac_of(data: Path, text: str) -> str:
    return hmac.digest((data / "keys" / "statement-hmac").read_bytes(), text.encode(), "sha256").hex()


def times_recorded(server: Server) -> Counter[str]:
    """HMAC of a text → how many records it has."""
    return Counter({row["h"]: row["n"] for row in server.rows(COUNTED)})


def assert_without_gaps(server: Server, logs: int = 1) -> None:
    rows = server.rows(GAPS)
    assert len(rows) == logs
    for row in rows:
        assert row["n"] == row["d"] == row["span"]


def sending(server: Server, name: str, file: Path) -> AbstractContextManager["subprocess.Popen[str]"]:
    return at_work("tests.crash.logged_client", server.uri, PASSWORD, name, file)


def test_every_acknowledged_statement_is_in_the_log_once_however_often_the_server_is_killed(
    data: Path, tmp_path: Path
) -> None:
    chance, file = random.Random(5), tmp_path / "acknowledged"
    with Server(data, *BUSY) as server:
        for life in range(KILLS):
            with sending(server, f"life {life}", file) as client:
                time.sleep(chance.uniform(*LIFE_S))
                server.kill()
                client.wait(60)
            server.start()
        recorded = times_recorded(server)
        acknowledged = file.read_text().splitlines()
        assert len(acknowledged) > KILLS
        assert {recorded[hmac_of(data, text)] for text in acknowledged} == {1}
        assert_without_gaps(server)
        assert '"append_log"' not in server.log.read_text()


def ask(server: Server, name: str, count: int = 5) -> list[str]:
    texts = [f"SELECT '{name} {number}' AS s" for number in range(count)]
    for text in texts:
        server.rows(text)
    return texts


def test_records_that_only_the_append_log_has_survive_and_come_into_the_lake(data: Path) -> None:
    with Server(data, *NEVER) as server:
        texts = ask(server, "alone")
        assert server.rows("SELECT * FROM catalog.query_log_entries") == []
        server.kill()
        server.start()
        recorded = times_recorded(server)
        assert {recorded[hmac_of(data, text)] for text in texts} == {1}
        assert server.rows("SELECT * FROM catalog.query_log_entries") == []
        server.stop()
        server.start()
        entries = {row["statement_hmac"] for row in server.rows("SELECT * FROM catalog.query_log_entries")}
        assert {hmac_of(data, text) for text in texts} <= entries
        assert_without_gaps(server)


def test_killed_between_the_commit_and_the_deletion_nothing_comes_twice(data: Path, tmp_path: Path) -> None:
    with Server(data, *NEVER) as server:
        texts = ask(server, "twice")
        server.kill()
        shutil.copytree(data / "log", tmp_path / "before")
        server.start()
        server.stop()  # writes them to the lake and deletes their segment
        for file in (tmp_path / "before").iterdir():
            shutil.copy(file, data / "log" / file.name)  # as if it had been killed before it deleted them
        server.start()
        recorded = times_recorded(server)
        assert {recorded[hmac_of(data, text)] for text in texts} == {1}
        assert_without_gaps(server)


def test_log_that_was_deleted_by_hand_begins_anew(data: Path) -> None:
    with Server(data, *NEVER) as server:
        before = ask(server, "before")
        server.stop()
        shutil.rmtree(data / "log")
        server.start()
        after = ask(server, "after")
        server.kill()
        server.start()
        recorded = times_recorded(server)
        assert {recorded[hmac_of(data, text)] for text in before + after} == {1}
        assert_without_gaps(server, logs=2)
        found = server.rows("SELECT statement_hmac AS h FROM catalog.query_log ORDER BY sequence")
        order = [row["h"] for row in found]
        assert order.index(hmac_of(data, before[-1])) < order.index(hmac_of(data, after[0]))


def test_log_that_is_older_than_the_lake_gives_no_sequence_a_second_time(data: Path, tmp_path: Path) -> None:
    with Server(data, *NEVER) as server:
        first = ask(server, "first")
        server.kill()
        shutil.copytree(data / "log", tmp_path / "copy")
        server.start()
        second = ask(server, "second")
        server.stop()
        shutil.rmtree(data / "log")
        shutil.copytree(tmp_path / "copy", data / "log")
        server.start()
        third = ask(server, "third")
        server.stop()
        server.start()
        recorded = times_recorded(server)
        assert {recorded[hmac_of(data, text)] for text in first + second + third} == {1}
        assert_without_gaps(server, logs=2)


def test_no_text_and_no_secret_is_in_the_files_of_the_log(data: Path) -> None:
    with Server(data, *NEVER) as server:
        server.rows("SELECT 'a value that nobody may find' AS s")
        server.rows("CREATE TABLE hidden_name AS SELECT 'another hidden value' AS s")
        server.rows("SELECT * FROM hidden_name WHERE s <> ?", ["a bound value"])
        server.kill()
        stored = b"".join(file.read_bytes() for file in (data / "log").iterdir())
        assert len(stored) > 300
        key = (data / "keys" / "statement-hmac").read_bytes()
        for secret in (b"value", b"hidden", b"SELECT", PASSWORD.encode(), key):
            assert secret not in stored
        assert b"value" not in server.log.read_bytes()
