"""What the demo's tour makes, with the lineage of every column of it as a person reads it off the statements."""

from collections.abc import Iterator

import pytest
from adbc_driver_manager import dbapi

from clients.demo.samples import INDEXES
from clients.demo.tour import stops
from tests.harness import Server, query
from tests.lineage.reading import edges_into

EXPECTED: dict[str, dict[str, set[str]]] = {
    "placement_margins": {
        "placement_id": {"placements.placement_id IDENTITY"},
        "industry": {"clients.industry IDENTITY"},
        "title": {"jobs.title IDENTITY"},
        "margin": {"placements.bill_rate TRANSFORMATION", "placements.pay_rate TRANSFORMATION"},
        "*": {"placements.job_id JOIN", "jobs.job_id JOIN", "jobs.client_id JOIN", "clients.client_id JOIN"},
    },
    "monthly_margins": {
        "industry": {"placement_margins.industry IDENTITY"},
        "month": {"timesheets.week_ending TRANSFORMATION"},
        "earned": {"timesheets.hours AGGREGATION", "placement_margins.margin AGGREGATION"},
        "place": {
            "timesheets.week_ending WINDOW",
            "timesheets.hours WINDOW",
            "placement_margins.margin WINDOW",
        },
        "earned_so_far": {
            "timesheets.hours AGGREGATION",
            "placement_margins.margin AGGREGATION",
            "placement_margins.industry WINDOW",
            "timesheets.week_ending WINDOW",
        },
        "*": {
            "timesheets.placement_id JOIN",
            "placement_margins.placement_id JOIN",
            "timesheets.approved FILTER",
            "timesheets.week_ending GROUP_BY",
            "placement_margins.industry GROUP_BY",
        },
    },
    "contacts": {
        "candidate_id": {"calls.candidate_id IDENTITY", "emails.candidate_id IDENTITY"},
        "contacted_at": {"calls.started_at IDENTITY", "emails.sent_at IDENTITY"},
        "channel": {"emails.direction TRANSFORMATION"},
        "detail": {"calls.outcome IDENTITY", "emails.subject IDENTITY"},
    },
    "last_contacts": {
        "candidate_id": {"candidates.candidate_id IDENTITY"},
        "email": {"candidates.email IDENTITY"},
        "contacted_at": {"contacts.contacted_at IDENTITY"},
        "channel": {"contacts.channel IDENTITY"},
        "*": {
            "candidates.candidate_id JOIN",
            "contacts.candidate_id JOIN",
            # The filter asks for the number that the window gave.
            "contacts.candidate_id WINDOW",
            "contacts.contacted_at WINDOW",
        },
    },
    "shortlist": {
        "rank": {"resumes_sample.resume TRANSFORMATION"},
        "score": {"resumes_sample.resume TRANSFORMATION"},
        "candidate_id": {"candidates.candidate_id IDENTITY"},
        "title": {"candidates.title IDENTITY"},
        "city": {"candidates.city IDENTITY"},
        "*": {
            "resumes_sample.candidate_id JOIN",
            "candidates.candidate_id JOIN",
            "resumes_sample.resume FILTER",
        },
    },
}


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dbapi.Connection]:
    """A connection to a server with a small demo, whose tour has made its tables and views, twice."""
    with Server(tmp_path_factory.mktemp("toured") / "data") as server:
        connection = server.connect()
        query(connection, "CALL load_sample(name := 'staffing', candidates := 200, resumes := 20)")
        [resumes] = [index for index in INDEXES if index.name == "resumes"]
        query(
            connection,
            f"CALL create_index(name := '{resumes.name}', dataset := '{resumes.dataset}', "
            f"key_column := '{resumes.key_column}', text_columns := {list(resumes.text_columns)}, wait := true)",
        )
        for _ in range(2):
            for stop in stops():
                if stop.statement.startswith("CREATE"):
                    query(connection, stop.statement.removesuffix(";"))
        yield connection


def test_expectation_names_every_column_that_the_tour_makes(toured: dbapi.Connection) -> None:
    made = {stop.statement.split()[4] for stop in stops() if stop.statement.startswith("CREATE OR REPLACE")}
    assert made == set(EXPECTED)
    for dataset, columns in EXPECTED.items():
        assert query(toured, f"FROM {dataset} LIMIT 0").column_names == [name for name in columns if name != "*"]


@pytest.mark.parametrize("dataset", EXPECTED)
def test_lineage_of_every_column_is_what_a_person_reads(toured: dbapi.Connection, dataset: str) -> None:
    found: dict[str, set[str]] = {name: set() for name in EXPECTED[dataset]}
    for edge in edges_into(toured, dataset):
        column, _, source = edge.partition(" < ")
        found.setdefault(column, set()).add(source)
    assert found == EXPECTED[dataset]
