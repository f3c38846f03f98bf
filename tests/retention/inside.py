"""The retention of a stopped server's lake, called by hand."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.config import Settings
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.retention import retention
from server.retention.retention import Retention
from tests.journal.inside import journal_of

WAIT_S = 20.0
LOOK_S = 0.05


@contextmanager
def retention_of(data: Path, patched: pytest.MonkeyPatch, **settings: Any) -> Iterator[tuple[Retention, Engine]]:
    """It does not wait for more than one to expire."""
    patched.setattr(retention, "FEW_SHARE", 0.0)
    with journal_of(data) as (journal, engine):
        engine.settings = Settings(data=data, **settings)
        yield Retention(engine, journal.drain), engine


def expired(retention: Retention) -> int:
    """How many, once the journal's own transactions are not in the way."""
    deadline = time.monotonic() + WAIT_S
    while not (count := retention.expire()) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    return count


def snapshots(engine: Engine) -> list[int]:
    return engine.read(
        lambda c: [int(row[0]) for row in c.rows("SELECT snapshot_id FROM lakehouse.snapshots() ORDER BY 1")]
    )


def write(engine: Engine, number: int) -> None:
    def insert(cursor: LakeCursor) -> None:
        cursor.execute("INSERT INTO lakehouse.main.written VALUES (?)", [number])

    engine.commit("admin", "insert", insert)
