"""How many rows the demo has, and that they are the same everywhere."""

import pytest

from tests.demo.staffing import TABLES, checksum, connect, row_counts

# Of 2,400 candidates at activity 2. A change here changes the data that everyone's demo shows.
PINNED = {
    "candidates": "770e0a7a0a870fe26b87c5a6090a3e3e",
    "clients": "0ef620d5c6247386ada2d70cefdaab08",
    "jobs": "7fb8ac0497d0e0aac8ec49bfcc47a3f8",
    "placements": "ba70f4dcfc2ee3e2a12cc0beb57e9fe8",
    "timesheets": "c4577b36ba94b413517470e4a6560215",
    "calls": "67b62ea805c91bceed46e8da00e306f9",
    "emails": "ef9095038dbac0c066d16762e6d81558",
}


def test_default_is_400_000_rows_with_100_000_candidates() -> None:
    counts = row_counts(connect())
    assert counts == {
        "candidates": 100_000,
        "clients": 2_000,
        "jobs": 18_000,
        "placements": 50_000,
        "timesheets": 90_000,
        "calls": 60_000,
        "emails": 80_000,
    }
    assert sum(counts.values()) == 400_000


def test_activity_of_ten_is_full_scale_with_2_470_000_rows() -> None:
    counts = row_counts(connect(activity=10))
    assert counts["candidates"] == 100_000
    assert (counts["timesheets"], counts["calls"], counts["emails"]) == (900_000, 600_000, 800_000)
    assert sum(counts.values()) == 2_470_000


@pytest.mark.parametrize("candidates", [1, 10, 60])
def test_tiny_demo_still_has_every_table_but_events(candidates: int) -> None:
    counts = row_counts(connect(candidates=candidates))
    assert counts["candidates"] == candidates
    assert all(counts[table] > 0 for table in ("clients", "jobs", "placements"))


@pytest.mark.parametrize("table", TABLES)
def test_rows_and_their_order_do_not_depend_on_the_number_of_threads(table: str) -> None:
    # 30,000 candidates are enough for several vectors and row groups, so that threads have something to share.
    one, two = (checksum(connect(threads, candidates=30_000), table) for threads in (1, 2))
    assert one == two


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_the_pinned_ones(table: str) -> None:
    assert checksum(connect(candidates=2_400, activity=2), table) == PINNED[table]
