"""Counters: what happened is counted exactly, and no series says more than it may."""

import pyarrow as pa

from flight.gen import flight_sql_pb2 as sql
from server.errors import LakehouseError
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server, query
from tests.observability.watching import ask, rises, scrape, settled

FAILS_AS_IT_RUNS = "SELECT strptime('no date' || i, '%Y') FROM range(3) r(i)"


def statements(**counts: float) -> dict[str, float]:
    """Counts by 'kind_status', as series."""
    found: dict[str, float] = {}
    for name, count in counts.items():
        kind, _, status = name.partition("_")
        found[f'lakehouse_statements_total{{kind="{kind}",status="{status}"}}'] = count
    return found


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


def test_prometheus_may_ask_for_openmetrics(watched: Server) -> None:
    answer = ask(watched, "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.body.endswith("# EOF\n")
