"""Options of a session: Flight SQL's two actions, ADBC's connection options, SET, RESET and USE are one thing."""

from collections.abc import Iterator
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_session_pb2 as flight
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

Errors = flight.SetSessionOptionsResult
DEFAULTS = {"catalog": "lakehouse", "schema": "main", "timezone": "UTC", "statement_s_max": 300.0}


@pytest.fixture
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        yield client


@pytest.fixture
def schema(connection: dbapi.Connection) -> Iterator[str]:
    """A schema with a table of its own."""
    query(connection, "CREATE SCHEMA IF NOT EXISTS optional")
    query(connection, "CREATE OR REPLACE TABLE optional.choices AS SELECT 42 AS answer")
    yield "optional"
    query(connection, "DROP SCHEMA optional CASCADE")


def put(client: Bare, **values: Any) -> dict[str, int]:
    """Set options; the errors by name. None resets."""
    request = flight.SetSessionOptionsRequest()
    for name, value in values.items():
        option = request.session_options[name]
        match value:
            case bool():
                option.bool_value = value
            case int():
                option.int64_value = value
            case float():
                option.double_value = value
            case str():
                option.string_value = value
            case list():
                option.string_list_value.values.extend(value)
    (answer,) = client.act("SetSessionOptions", request.SerializeToString())
    result = Errors()
    result.ParseFromString(answer)
    return {name: error.value for name, error in result.errors.items()}


def options(client: Bare) -> dict[str, Any]:
    (answer,) = client.act("GetSessionOptions", flight.GetSessionOptionsRequest().SerializeToString())
    result = flight.GetSessionOptionsResult()
    result.ParseFromString(answer)
    return {name: getattr(v, str(v.WhichOneof("option_value"))) for name, v in result.session_options.items()}


def test_a_new_session_has_the_defaults(bare: Bare) -> None:
    assert options(bare) == DEFAULTS


def test_unqualified_names_follow_the_option_schema(bare: Bare, schema: str) -> None:
    assert put(bare, catalog="lakehouse", schema=schema) == {}
    assert bare.query("SELECT answer FROM choices").to_pydict() == {"answer": [42]}
    assert options(bare)["schema"] == schema
    assert put(bare, schema=None) == {}
    assert refusal(lambda: bare.query("SELECT answer FROM choices")).code == "sql_error"


def test_the_time_zone_follows_its_option(bare: Bare) -> None:
    assert put(bare, TimeZone="Asia/Tokyo") == {}
    text = bare.query("SELECT (TIMESTAMPTZ '2024-01-01 00:00:00+00')::VARCHAR AS t")["t"][0].as_py()
    assert text.startswith("2024-01-01 09:00:00")
    assert options(bare)["timezone"] == "Asia/Tokyo"


def test_a_session_may_bound_its_own_statements(bare: Bare) -> None:
    assert put(bare, statement_s_max=0.5) == {}
    error = refusal(lambda: bare.query("SELECT count(*) FROM range(1_000_000) a, range(1_000_000) b"))
    assert error.code == "statement_timeout"
    assert put(bare, statement_s_max=None) == {}
    assert options(bare) == DEFAULTS


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"catalog": "other"}, Errors.INVALID_VALUE),
        ({"schema": "nowhere"}, Errors.INVALID_VALUE),
        ({"schema": "nul\0"}, Errors.INVALID_VALUE),
        ({"schema": 7}, Errors.INVALID_VALUE),
        ({"schema": ["main"]}, Errors.INVALID_VALUE),
        ({"schema": "vectors"}, Errors.ERROR),
        ({"timezone": "Mars/Olympus"}, Errors.INVALID_VALUE),
        ({"statement_s_max": 0}, Errors.INVALID_VALUE),
        ({"statement_s_max": 1e9}, Errors.INVALID_VALUE),
        ({"statement_s_max": True}, Errors.INVALID_VALUE),
        ({"statement_s_max": float("nan")}, Errors.INVALID_VALUE),
        ({"memory_limit": "1GB"}, Errors.INVALID_NAME),
        ({"": "x"}, Errors.INVALID_NAME),
    ],
)
def test_an_option_that_can_not_be_set_is_told_and_changes_nothing(
    bare: Bare, values: dict[str, Any], error: int
) -> None:
    assert put(bare, **values) == {next(iter(values)): error}
    assert options(bare) == DEFAULTS


def test_others_are_set_beside_one_that_fails(bare: Bare, schema: str) -> None:
    assert put(bare, schema=schema, nonsense=1) == {"nonsense": Errors.INVALID_NAME}
    assert options(bare)["schema"] == schema


def test_sessions_do_not_share_options(server: Server, bare: Bare, schema: str) -> None:
    put(bare, schema=schema)
    with Bare(server) as other:
        assert options(other) == DEFAULTS


def test_sql_sets_the_same_options(bare: Bare, schema: str) -> None:
    bare.update(f"USE lakehouse.{schema}")
    bare.update("SET TimeZone = 'Europe/Paris'")
    bare.update("SET statement_s_max = 12.5")
    assert options(bare) == {
        "catalog": "lakehouse",
        "schema": schema,
        "timezone": "Europe/Paris",
        "statement_s_max": 12.5,
    }
    for name in ("search_path", "TimeZone", "statement_s_max"):
        bare.update(f"RESET {name}")
    assert options(bare) == DEFAULTS


def test_adbc_reads_and_sets_catalog_and_schema(server: Server, schema: str) -> None:
    with server.connect() as connection:
        assert connection.adbc_current_catalog == "lakehouse"
        assert connection.adbc_current_db_schema == "main"
        connection.adbc_current_db_schema = schema
        connection.adbc_current_catalog = "lakehouse"
        assert query(connection, "SELECT answer FROM choices").num_rows == 1
        assert connection.adbc_current_db_schema == schema


def test_a_session_whose_schema_is_dropped_can_choose_another(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA short_lived")
    with Bare(server) as own:
        own.update("USE short_lived")
        query(connection, "DROP SCHEMA short_lived")
        assert refusal(lambda: own.query("SELECT 1 AS one FROM catalog.settings")).code == "sql_error"
        own.update("USE main")
        assert own.query("SELECT 1 AS one").num_rows == 1


def test_adbc_reads_and_sets_any_option(server: Server) -> None:
    prefix = "adbc.flight.sql.session.option."
    with server.connect() as connection:
        low = connection.adbc_connection
        low.set_options(**{f"{prefix}timezone": "Asia/Tokyo"})
        assert low.get_option(f"{prefix}timezone") == "Asia/Tokyo"
        low.set_options(**{"adbc.flight.sql.session.optionerase.timezone": ""})
        assert low.get_option(f"{prefix}timezone") == "UTC"
