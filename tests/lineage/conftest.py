"""The queries of `cases` as tables and views, and what the catalog says of each."""

import pytest

from tests.harness import Server, manual, query
from tests.lineage.cases import CASES, SOURCES, VIEWED
from tests.lineage.reading import Edges, all_edges


@pytest.fixture(scope="package")
def recorded(server: Server) -> Edges:
    """Of lin_made_<case> and lin_seen_<case>. One commit for all: each is 20 ms."""
    connection = server.connect()
    for statement in SOURCES:
        query(connection, statement)
    with manual(server) as client, client.cursor() as cursor:
        for case in CASES:
            cursor.execute(f"CREATE TABLE lin_made_{case.name} AS {case.query}")
        for case in VIEWED:
            cursor.execute(f"CREATE VIEW lin_seen_{case.name} AS {case.query}")
        client.commit()
    return all_edges(connection)
