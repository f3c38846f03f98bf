"""Column lineage of every form of query: as a table made from it, as a view over it, and as rows inserted from it."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import query
from tests.lineage.cases import CASES, VIEWED, Case
from tests.lineage.reading import Edges

NOTHING: frozenset[str] = frozenset()
COUNT = "SELECT count(*) AS n FROM catalog.lineage_events"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_table_made_from_a_query_has_its_lineage(recorded: Edges, case: Case) -> None:
    assert recorded.get(f"lin_made_{case.name}", NOTHING) == case.expected


@pytest.mark.parametrize("case", VIEWED, ids=lambda case: case.name)
def test_view_has_the_same_lineage(recorded: Edges, case: Case) -> None:
    assert recorded.get(f"lin_seen_{case.name}", NOTHING) == case.expected


@pytest.mark.usefixtures("recorded")
def test_rows_inserted_by_the_same_queries_add_no_edge(connection: dbapi.Connection) -> None:
    before = query(connection, COUNT)
    for case in CASES:
        query(connection, f"INSERT INTO lin_made_{case.name} {case.query}")
        assert query(connection, COUNT) == before, case.name
