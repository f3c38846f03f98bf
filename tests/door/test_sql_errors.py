"""Statements that can't be run: DuckDB's own message with its position, and the server goes on."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_manager import dbapi

from tests.door.bare import Bare, raising, refusal
from tests.harness import Server, query


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


@pytest.fixture(autouse=True)
def goes_on(connection: dbapi.Connection) -> Iterator[None]:
    """Whatever a test sends, the next one is served."""
    yield
    assert query(connection, "SELECT 1 AS one").num_rows == 1


@pytest.mark.parametrize(("text", "message"), [
    ("SELEC 1", 'syntax error at or near "SELEC"'),
    ("SELECT nothing", 'Referenced column "nothing" was not found'),
    ("SELECT * FROM nowhere", "Table with name nowhere does not exist"),
    ("SELECT no_function(1)", "no_function"),
    ("SELECT 1 +", "syntax error at end of input"),
    ("INSERT INTO nowhere VALUES (1)", "nowhere"),
    ("CREATE TABLE t (a NOTYPE)", "NOTYPE"),
    ("SELECT 'unterminated", "unterminated quoted string"),
])  # fmt: skip
def test_an_sql_error_is_duckdbs_own_with_its_position(connection: dbapi.Connection, text: str, message: str) -> None:
    error = refusal(lambda: query(connection, text))
    assert error.code == "sql_error"
    assert message in error.message
    assert "LINE 1:" in error.message or "at end of input" in error.message or text.startswith("INSERT")


@pytest.mark.parametrize("text", ["SELECT 1/0 + 'x'::INTEGER", "SELECT 200::TINYINT", "SELECT error('mine')"])
def test_an_error_at_run_time_is_duckdbs_own(connection: dbapi.Connection, text: str) -> None:
    assert refusal(lambda: query(connection, text)).code == "sql_error"


@pytest.mark.parametrize("text", ["", "   ", ";", "-- nothing", "/* nothing */"])
def test_an_empty_statement_is_refused(bare: Bare, text: str) -> None:
    assert "empty" in refusal(lambda: bare.query(text)).message
    assert "empty" in refusal(lambda: bare.update(text)).message


def test_a_nul_in_a_statement_is_refused(bare: Bare) -> None:
    assert "U+0000" in refusal(lambda: bare.query("SELECT 1 \x00")).message


def test_a_very_long_statement_is_served(bare: Bare) -> None:
    text = "SELECT " + " + ".join(["1"] * 5000) + " AS n"
    assert outcome(bare, text) in ("rows", "sql_error")


def test_a_query_of_many_parts_is_served(bare: Bare) -> None:
    assert bare.query(" UNION ALL ".join(["SELECT 1 AS n"] * 300)).num_rows == 300


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("abs(", ")"),
        ("- ", ""),
        ("NOT ", ""),
        ("[", "]"),
        ("CASE WHEN true THEN ", " END"),
        ("(SELECT ", ")"),
    ],
)
@pytest.mark.parametrize("depth", [500, 3000, 20_000])
def test_a_deeply_nested_statement_is_an_error_and_not_the_end(
    bare: Bare, opening: str, closing: str, depth: int
) -> None:
    expression = f"{opening * depth}1{closing * depth}"
    for text in (f"SELECT {expression} AS n", f"CREATE OR REPLACE TEMP TABLE n AS SELECT {expression} AS n"):
        assert outcome(bare, text) in ("rows", "sql_error")


def outcome(bare: Bare, text: str) -> str:
    try:
        bare.query(text)
    except (fl.FlightError, pa.ArrowException) as error:
        found = error
    else:
        return "rows"
    return refusal(raising(found)).code
