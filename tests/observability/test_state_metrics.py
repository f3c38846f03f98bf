"""Gauges tell the state of the moment, and every metric is documented."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import ROOT, Server
from tests.observability.watching import SETTLED_S, ask, rises, scrape


@contextmanager
def index(server: Server, name: str) -> Iterator[None]:
    """An index of 50 vectors, dropped at the end."""
    server.rows(f"CREATE TABLE {name} AS SELECT i AS id, [i, 1, 2]::FLOAT[] AS v FROM range(50) r(i)")
    server.rows(
        f"CALL create_index(name := '{name}', dataset := '{name}', key_column := 'id', vector_column := 'v', "
        "wait := true)"
    )
    yield
    server.rows(f"CALL drop_index(name := '{name}')")
    server.rows(f"DROP TABLE {name}")


def test_sessions_and_what_they_hold_are_gauges_of_now(watched: Server) -> None:
    names = ("lakehouse_sessions", "lakehouse_transactions_open", "lakehouse_prepared_statements")
    before = scrape(watched)
    with Bare(watched) as bare:
        bare.act("BeginTransaction", pack(sql.ActionBeginTransactionRequest()))
        for _ in range(2):
            bare.act("CreatePreparedStatement", pack(sql.ActionCreatePreparedStatementRequest(query="SELECT 1")))
        now = scrape(watched)
        assert [now[name] - before[name] for name in names] == [1, 1, 2]
    assert [scrape(watched)[name] for name in names] == [before[name] for name in names]


def test_statements_that_run_and_wait_are_gauges_and_the_wait_is_a_histogram(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    flags = ["--metrics-port", "0", "--statements-running-max", "1", "--queue-wait-s-max", "0.5"]
    with Server(tmp_path_factory.mktemp("queue") / "data", *flags) as server, Bare(server) as holding:
        before = scrape(server)
        ticket = holding.info(sql.CommandStatementQuery(query="SELECT * FROM range(100_000_000)")).endpoints[0].ticket
        reader = holding.client.do_get(ticket, holding.options)
        reader.read_chunk()
        assert scrape(server)["lakehouse_statements_running"] == 1
        with Bare(server) as other:
            waiting = threading.Thread(target=lambda: refusal(lambda: other.query("SELECT 1")))
            waiting.start()
            while scrape(server)["lakehouse_statements_queued"] < 1:
                assert waiting.is_alive(), "it did not wait"
            waiting.join()
        now = scrape(server)
        assert now["lakehouse_statements_queued"] == 0
        assert rises(before, now, "lakehouse_queue_wait_seconds_count") == {"lakehouse_queue_wait_seconds_count": 1}
        assert now["lakehouse_queue_wait_seconds_sum"] >= 0.5
        reader.cancel()


def test_logins_are_counted_by_how_they_ended(watched: Server) -> None:
    before = scrape(watched)
    with Bare(watched):
        pass
    refused = refusal(lambda: Bare(watched, (b"authorization", b"Basic YWRtaW46d3Jvbmc=")).query("SELECT 1"))
    assert refused.code == "unauthenticated"
    assert rises(before, scrape(watched), "lakehouse_logins_total") == {
        'lakehouse_logins_total{credential="password",status="ok"}': 1,
        'lakehouse_logins_total{credential="password",status="failed"}': 1,
    }


def test_an_index_is_described_by_gauges_until_it_is_dropped(watched: Server) -> None:
    source = 'lakehouse_index_source_snapshot{index="pages"}'
    with index(watched, "pages"):
        deadline = time.monotonic() + SETTLED_S
        while (now := scrape(watched))[source] > now["lakehouse_lake_snapshot"]:  # the lake is read less often
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert now['lakehouse_index_vectors{index="pages"}'] == 50
    assert now['lakehouse_index_bytes{index="pages"}'] > 50 * 3 * 4
    assert now['lakehouse_index_generation{index="pages"}'] >= 1
    assert now[source] > 0
    assert now["lakehouse_indexes_serving"] == 1
    assert now['lakehouse_jobs_unfinished{status="running"}'] == 0
    assert not [name for name in scrape(watched) if 'index="pages"' in name]


def test_each_commit_is_a_snapshot_of_the_lake(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    for number in range(3):
        bare.update(f"CREATE OR REPLACE TABLE committed AS SELECT {number} AS a")
    deadline = time.monotonic() + SETTLED_S
    while (now := scrape(watched))["lakehouse_lake_snapshot"] < before["lakehouse_lake_snapshot"] + 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert now["lakehouse_lake_up"] == 1
    assert now["lakehouse_lake_read_seconds"] > 0


def test_the_documentation_lists_exactly_the_metrics_that_are_served(watched: Server) -> None:
    with index(watched, "documented"):
        text = ask(watched, "/metrics").body
    families = {family.name: family for family in text_string_to_metric_families(text)}
    served = {
        (f"{name}_total" if family.type == "counter" else name, family.type, ", ".join(sorted(_labels(family))))
        for name, family in families.items()
        if name.startswith("lakehouse_")
    }
    rows = re.findall(r"^\| `(lakehouse_\w+)` \| (\w+) \|([^|]*)\|", _operating(), re.MULTILINE)
    listed = {(name, kind, labels.replace("`", "").strip()) for name, kind, labels in rows}
    assert listed == served
    assert all(family.documentation for family in families.values())


def test_the_process_itself_is_among_the_metrics(watched: Server) -> None:
    now = scrape(watched)
    assert now["process_resident_memory_bytes"] > 1e7
    assert now["process_open_fds"] > 3
    assert sum(value for name, value in now.items() if name.startswith("lakehouse_duckdb_memory_bytes")) > 0
    assert "process_cpu_seconds_total" in _operating()


def _labels(family: object) -> set[str]:
    samples = family.samples  # type: ignore[attr-defined]
    return {label for sample in samples for label in sample.labels} - {"le"}


def _operating() -> str:
    return (ROOT / "docs" / "operating.md").read_text()
