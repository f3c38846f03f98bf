"""That the demo's tables fit together."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.demo.staffing import build, connect, select

REFERENCES = [
    ("jobs", "client_id", "clients"),
    ("placements", "candidate_id", "candidates"),
    ("placements", "job_id", "jobs"),
    ("timesheets", "placement_id", "placements"),
    ("calls", "candidate_id", "candidates"),
    ("emails", "candidate_id", "candidates"),
]
KEYS = [
    ("candidates", "candidate_id"),
    ("clients", "client_id"),
    ("jobs", "job_id"),
    ("placements", "placement_id"),
    ("timesheets", "timesheet_id"),
    ("calls", "call_id"),
    ("emails", "email_id"),
    ("candidates", "email"),
    ("clients", "name"),
    ("timesheets", "placement_id, week_ending"),
]


@pytest.fixture(scope="module", params=[(10, 10), (60, 1), (5_000, 10)], ids=lambda scale: f"{scale[0]}x{scale[1]}")
def staffing(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    candidates, activity = request.param
    connection = connect(candidates=candidates, activity=activity)
    build(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_every_reference_has_its_row(staffing: duckdb.DuckDBPyConnection, table: str, column: str, target: str) -> None:
    orphans = staffing.execute(f"SELECT {column} FROM {table} ANTI JOIN {target} USING ({column})").fetchall()
    assert orphans == []


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_keys_are_unique_and_not_null(staffing: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    repeated = staffing.execute(f"SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1").fetchall()
    missing = staffing.execute(f"SELECT * FROM {table} WHERE ({key}) IS NULL").fetchall()
    assert repeated == []
    assert missing == []


def test_candidates_work_in_their_own_occupation_after_the_job_was_opened(staffing: duckdb.DuckDBPyConnection) -> None:
    misplaced = staffing.execute("""
        SELECT placement_id, c.title, j.title
        FROM placements p JOIN candidates c USING (candidate_id) JOIN jobs j USING (job_id)
        WHERE (getvariable('candidates') >= 24 AND NOT contains(lower(c.title), lower(j.title)))
           OR p.start_date < CAST(j.opened_at AS DATE) + 7 OR p.end_date <= p.start_date
           OR p.bill_rate <> j.rate OR p.pay_rate >= p.bill_rate OR j.status <> 'filled'""").fetchall()
    assert misplaced == []


def test_nobody_works_in_two_places_at_once_in_the_default_demo() -> None:
    """In a demo of a few dozen people some do: there are too few for its placements."""
    staffing = connect()
    staffing.execute(f"CREATE TABLE placements AS {select('placements')}")
    overlaps = staffing.execute("""
        SELECT a.placement_id, b.placement_id FROM placements a JOIN placements b USING (candidate_id)
        WHERE a.placement_id < b.placement_id AND a.start_date <= b.end_date AND b.start_date <= a.end_date
    """).fetchall()
    assert overlaps == []


def test_weeks_worked_lie_within_the_placement(staffing: duckdb.DuckDBPyConnection) -> None:
    outside = staffing.execute("""
        SELECT timesheet_id FROM timesheets JOIN placements USING (placement_id)
        WHERE week_ending < start_date OR week_ending > end_date OR dayofweek(week_ending) <> 0""").fetchall()
    assert outside == []


def test_clients_hire_in_their_own_industry(staffing: duckdb.DuckDBPyConnection) -> None:
    nurses = staffing.execute(
        "SELECT DISTINCT industry FROM jobs JOIN clients USING (client_id) WHERE title = 'Registered nurse'"
    ).fetchall()
    assert nurses == [("healthcare",)]
