"""The journal follows who never stops writing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.engine.cursor import LakeCursor
from server.journal.journal import Journal
from tests.harness import Server
from tests.journal.asking import flush, journalled
from tests.journal.inside import journal_of

WAIT_S = 60.0


def test_who_asks_is_answered_though_others_write_after_each_of_its_commits(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(data, "--journal-flush-s", "3600") as server:
        server.rows("CREATE TABLE people (id INTEGER)")
        journalled(server, "people", "id")
        flush(server)
    turns: list[int] = []

    with journal_of(data) as (journal, engine):
        commit = engine.commit

        def with_another(actor: str, message: str, work: Callable[[LakeCursor], Any]) -> Any:
            result = commit(actor, message, work)
            turns.append(commit("admin", "insert", _insert))
            return result

        commit("admin", "insert", _insert)
        with monkeypatch.context() as patched:
            patched.setattr(engine, "commit", with_another)
            done = threading.Thread(target=_ask, args=(journal,), daemon=True)
            done.start()
            done.join(WAIT_S)
        assert not done.is_alive()
        assert turns


def _insert(cursor: LakeCursor) -> int:
    cursor.execute("INSERT INTO lakehouse.main.people VALUES (1)")
    return 1


def _ask(journal: Journal) -> None:
    journal.flush()
    journal.while_still(lambda: None)
