"""Following a job, on DuckDB's own ADBC driver with a `catalog.jobs` table."""

import io
from collections.abc import Iterator

import _duckdb
import pytest
from adbc_driver_manager import dbapi
from rich.console import Console

from clients.cli.progress import Pace, follow
from clients.python import JobProgress, LakehouseError, Operations
from clients.python.jobs import watch_job
from tests.clients.conftest import Run


@pytest.fixture
def connection() -> Iterator[dbapi.Connection]:
    with dbapi.connect(driver=_duckdb.__file__, entrypoint="duckdb_adbc_init", autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA catalog")
            cursor.execute("""
                CREATE TABLE catalog.jobs AS
                SELECT 'j1' job_id, 'index' kind, 'running' status, 5 done, NULL::BIGINT total,
                       NULL::VARCHAR message, now()::TIMESTAMP started_at, NULL::TIMESTAMP finished_at
            """)
        yield connection


def reading(status: str, done: int | None = None, total: int | None = None, message: str | None = None) -> JobProgress:
    return JobProgress("j1", "index", status, done, total, message, None, None)


def test_watch_reads_until_the_job_has_ended(connection: dbapi.Connection) -> None:
    readings = watch_job(connection, "j1", poll_s=0.01)
    first = next(readings)
    assert (first.status, first.done, first.total, first.ended) == ("running", 5, None, False)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog.jobs SET status = 'succeeded', done = 9, total = 9")
    last = list(readings)[-1]
    assert (last.done, last.succeeded) == (9, True)


def test_unknown_job_is_not_found(connection: dbapi.Connection) -> None:
    with pytest.raises(LakehouseError, match="no job 'j2'") as caught:
        next(watch_job(connection, "j2", poll_s=0.01))
    assert caught.value.code == "not_found"


def test_pace_tells_rate_and_time_left() -> None:
    pace = Pace(clock=iter([0.0, 2.0]).__next__)
    assert pace.describe(reading("running", 0, 1_000)) == ""
    assert pace.describe(reading("running", 100, 1_000)) == "50/s, 0:00:18 left"


def test_plain_lines_appear_where_there_is_no_terminal_and_only_on_change() -> None:
    out = io.StringIO()
    steps = [reading("queued"), reading("running", 1, 4), reading("running", 1, 4), reading("succeeded", 4, 4, "ok")]
    assert follow(steps, Console(file=out)).succeeded
    lines = out.getvalue().splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        ["index", "queued"],
        ["index", "running"],
        ["index", "succeeded"],
    ]
    assert "1/4 (25%)" in lines[1]


def test_bar_on_a_terminal_ends_at_the_total() -> None:
    out = io.StringIO()
    follow([reading("running", 1, 4), reading("succeeded", 4, 4)], Console(file=out, force_terminal=True, width=120))
    assert "100%" in out.getvalue()


def test_watch_command_exits_1_when_the_job_failed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Operations, "watch", lambda *_: iter([reading("failed", message="disk full")]))
    result = run("watch", "j1")
    assert (result.exit_code, result.stderr) == (1, "error: job 'j1' failed: disk full\n")
    monkeypatch.setattr(Operations, "watch", lambda *_: iter([reading("succeeded")]))
    assert run("watch", "j1").exit_code == 0
