"""Metrics: what happened is counted exactly, and no series says more than it may."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest
from prometheus_client.parser import text_string_to_metric_families

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from server.errors import LakehouseError
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, ROOT, Server, query
from tests.observability.watching import SETTLED_S, ask, rises, scrape, settled

FAILS_AS_IT_RUNS = "SELECT strptime('no date' || i, '%Y') FROM range(3) r(i)"


def statements(**counts: float) -> dict[str, float]:
    """Counts by 'kind_status', as series."""
    found: dict[str, float] = {}
    for name, count in counts.items():
        kind, _, status = name.partition("_")
        found[f'lakehouse_statements_total{{kind="{kind}",status="{status}"}}'] = count
    return found


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


def test_statements_are_counted_by_kind_and_status(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    bare.query("SELECT 1")
    bare.query("SELECT i FROM range(300_000) r(i)")
    refusal(lambda: bare.query(FAILS_AS_IT_RUNS))
    bare.update("CREATE OR REPLACE TABLE counted AS SELECT 1 AS a")
    refusal(lambda: bare.update("INSERT INTO not_there VALUES (1)"))
    bare.query("EXPLAIN SELECT 1")
    bare.query("SET TimeZone = 'UTC'")
    bare.query("CALL health()")
    bare.act("health")
    refusal(lambda: bare.query("CALL set_metadata(dataset := 'not_there', owner := 'x')"))
    expected = statements(
        query_ok=2,
        query_failed=1,
        update_ok=1,
        update_failed=1,
        rows_ok=1,
        set_ok=1,
        operation_ok=2,
        operation_failed=1,
    )
    assert settled(watched, before, "lakehouse_statements_total", expected) == expected
    after = scrape(watched)
    assert rises(before, after, "lakehouse_operations_total") == {
        'lakehouse_operations_total{operation="health",status="ok"}': 2,
        'lakehouse_operations_total{operation="set_metadata",status="failed"}': 1,
    }
    assert rises(before, after, "lakehouse_statement_errors_total") == {
        'lakehouse_statement_errors_total{code="sql_error"}': 2,
        'lakehouse_statement_errors_total{code="not_found"}': 1,
    }


def test_the_latency_of_each_kind_is_a_histogram(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    for _ in range(3):
        bare.query("SELECT 1")
    expected = {'lakehouse_statement_duration_seconds_count{kind="query"}': 3.0}
    assert settled(watched, before, "lakehouse_statement_duration_seconds_count", expected) == expected
    after = scrape(watched)
    assert rises(before, after, 'lakehouse_statement_duration_seconds_bucket{kind="query",le="+Inf"}') != {}
    name = 'lakehouse_statement_duration_seconds_sum{kind="query"}'
    assert 0 < after[name] - before[name] < 60


def test_rows_and_bytes_that_callers_get_are_counted(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    bare.query("SELECT i FROM range(300_000) r(i)")
    expected = {"lakehouse_result_rows_total": 300_000.0}
    assert settled(watched, before, "lakehouse_result_rows", expected) == expected
    given = scrape(watched)["lakehouse_result_bytes_total"] - before["lakehouse_result_bytes_total"]
    assert 2_400_000 <= given < 2_500_000  # 8 each, and what tells which are NULL


def test_rows_of_an_update_are_not_rows_given(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    bare.update("CREATE OR REPLACE TABLE counted AS SELECT i FROM range(10) r(i)")
    expected = statements(update_ok=1)
    assert settled(watched, before, "lakehouse_statements_total", expected) == expected
    assert rises(before, scrape(watched), "lakehouse_result_") == {}


def test_ingested_rows_are_counted_once_they_are_there(watched: Server, bare: Bare) -> None:
    options = sql.CommandStatementIngest.TableDefinitionOptions(
        if_not_exist=sql.CommandStatementIngest.TableDefinitionOptions.TABLE_NOT_EXIST_OPTION_CREATE,
        if_exists=sql.CommandStatementIngest.TableDefinitionOptions.TABLE_EXISTS_OPTION_APPEND,
    )
    command = sql.CommandStatementIngest(table="brought", table_definition_options=options)
    bare.update("DROP TABLE IF EXISTS brought")
    before = scrape(watched)
    bare.put(command, pa.table({"a": range(1234)}))
    refusal(lambda: bare.put(command, pa.table({"another": [1]})))
    expected = {'lakehouse_statements_total{kind="ingest",status="ok"}': 1.0}
    expected['lakehouse_statements_total{kind="ingest",status="failed"}'] = 1.0
    assert settled(watched, before, "lakehouse_statements_total", expected) == expected
    assert rises(before, scrape(watched), "lakehouse_ingested_") == {"lakehouse_ingested_rows_total": 1234.0}


def test_calls_are_counted_by_method_and_status(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    bare.query("SELECT 1")
    refusal(lambda: bare.info(sql.CommandStatementQuery(query="SELECT * FROM not_there")))
    refusal(lambda: bare.info(sql.CommandStatementQuery(query="ATTACH 'x'")))
    refusal(lambda: bare.get(b"no ticket"))
    refusal(lambda: bare.query(FAILS_AS_IT_RUNS))
    refusal(lambda: bare.act("no_such_action"))
    list(bare.client.list_actions(bare.options))
    expected = {
        'lakehouse_calls_total{method="GetFlightInfo",status="OK"}': 2.0,
        'lakehouse_calls_total{method="GetFlightInfo",status="INVALID_ARGUMENT"}': 1.0,
        'lakehouse_calls_total{method="GetFlightInfo",status="PERMISSION_DENIED"}': 1.0,
        'lakehouse_calls_total{method="DoGet",status="OK"}': 1.0,
        'lakehouse_calls_total{method="DoGet",status="INVALID_ARGUMENT"}': 2.0,
        'lakehouse_calls_total{method="DoAction",status="NOT_FOUND"}': 1.0,
        'lakehouse_calls_total{method="ListActions",status="OK"}': 1.0,
    }
    assert settled(watched, before, "lakehouse_calls_total", expected) == expected


def test_a_result_that_its_client_leaves_is_counted_once(watched: Server) -> None:
    before = scrape(watched)
    with Bare(watched) as bare:
        ticket = bare.info(sql.CommandStatementQuery(query="SELECT * FROM range(50_000_000)")).endpoints[0].ticket
        reader = bare.client.do_get(ticket, bare.options)
        reader.read_chunk()
        reader.cancel()
    name = 'lakehouse_statement_duration_seconds_count{kind="query"}'
    assert settled(watched, before, name, {name: 1.0}) == {name: 1.0}


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
    with index(watched, "pages"):
        now = scrape(watched)
    assert now['lakehouse_index_vectors{index="pages"}'] == 50
    assert now['lakehouse_index_bytes{index="pages"}'] > 50 * 3 * 4
    assert now['lakehouse_index_generation{index="pages"}'] >= 1
    assert 0 < now['lakehouse_index_source_snapshot{index="pages"}'] <= now["lakehouse_lake_snapshot"]
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


def test_names_that_callers_make_up_become_no_series(watched: Server, bare: Bare) -> None:
    before = scrape(watched)
    for number in range(20):
        refusal(lambda number=number: bare.act(f"made_up_{number}"))  # type: ignore[misc]
    unknown = {'lakehouse_operations_total{operation="unknown",status="failed"}': 20.0}
    assert settled(watched, before, "lakehouse_operations_total", unknown) == unknown
    assert scrape(watched).keys() == before.keys()


def test_neither_texts_nor_principals_nor_datasets_are_in_the_metrics(watched: Server) -> None:
    with watched.connect() as connection:
        query(connection, "CREATE OR REPLACE TABLE hidden_dataset AS SELECT 'hidden value' AS hidden_column")
        query(connection, "SELECT * FROM hidden_dataset")
    text = ask(watched, "/metrics").body
    assert "hidden" not in text
    assert "admin" not in text
    assert PASSWORD not in text
    assert str(watched.data) not in text


def test_every_series_of_errors_is_there_before_the_first_error(watched: Server) -> None:
    def codes(error: type[LakehouseError]) -> set[str]:
        return {error.code}.union(*(codes(child) for child in error.__subclasses__()))

    prefix = 'lakehouse_statement_errors_total{code="'
    found = {name.removeprefix(prefix).removesuffix('"}') for name in scrape(watched) if name.startswith(prefix)}
    assert found == codes(LakehouseError)


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


def test_prometheus_may_ask_for_openmetrics(watched: Server) -> None:
    answer = ask(watched, "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.body.endswith("# EOF\n")


def _labels(family: object) -> set[str]:
    samples = family.samples  # type: ignore[attr-defined]
    return {label for sample in samples for label in sample.labels} - {"le"}


def _operating() -> str:
    return (ROOT / "docs" / "operating.md").read_text()
