"""What GetSqlInfo claims is tried: each claim about SQL by a statement, each limit against the settings."""

from collections.abc import Iterator
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from flight.commands import pack
from flight.gen import flight_sql_info_pb2 as info
from flight.gen import flight_sql_pb2 as sql
from flight.sql_words import SQL_2003
from tests.door.bare import Bare, refusal
from tests.harness import Server, manual, query


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        query(opened, "CREATE OR REPLACE TABLE claims AS SELECT i AS a, i % 2 AS b FROM range(4) r(i)")
        yield opened


def told(bare: Bare, *codes: int) -> dict[int, Any]:
    table = bare.get(bare.info(sql.CommandGetSqlInfo(info=codes)).endpoints[0].ticket)
    return {row["info_name"]: row["value"] for row in table.to_pylist()}


@pytest.fixture(scope="module")
def claims(bare_for_all: Bare) -> dict[int, Any]:
    return told(bare_for_all)


def has(claims: dict[int, Any], code: int, position: int) -> bool:
    return bool(claims[code] >> position & 1)


# Code, and for bit masks the bit → a query that gives rows if and only if the claim is true.
TRIED: dict[tuple[int, int | None], str] = {
    (info.SQL_SUPPORTS_COLUMN_ALIASING, None): "SELECT x FROM (SELECT a AS x FROM claims)",
    (info.SQL_NULL_PLUS_NULL_IS_NULL, None): "SELECT 1 WHERE (NULL || 'a') IS NULL",
    (info.SQL_SUPPORTS_TABLE_CORRELATION_NAMES, None): "SELECT c.a FROM claims AS c",
    (info.SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY, None): "SELECT a FROM claims ORDER BY a * -1",
    (info.SQL_SUPPORTS_ORDER_BY_UNRELATED, None): "SELECT a FROM claims ORDER BY b",
    (info.SQL_SUPPORTED_GROUP_BY, info.SQL_GROUP_BY_UNRELATED): "SELECT count(*) FROM claims GROUP BY b",
    (info.SQL_SUPPORTED_GROUP_BY, info.SQL_GROUP_BY_BEYOND_SELECT): "SELECT b FROM claims GROUP BY b, a",
    (info.SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE, None): "SELECT 1 WHERE 'a%b' LIKE 'a!%b' ESCAPE '!'",
    (info.SQL_OUTER_JOINS_SUPPORT_LEVEL, info.SQL_LIMITED_OUTER_JOINS): "FROM claims c LEFT JOIN claims d ON c.a = d.b",
    (info.SQL_OUTER_JOINS_SUPPORT_LEVEL, info.SQL_FULL_OUTER_JOINS): "FROM claims c FULL JOIN claims d ON c.a = d.b",
    (info.SQL_SUPPORTED_SUBQUERIES, info.SQL_SUBQUERIES_IN_COMPARISONS): "SELECT 1 WHERE 3 = (SELECT 3)",
    (info.SQL_SUPPORTED_SUBQUERIES, info.SQL_SUBQUERIES_IN_EXISTS): "SELECT 1 WHERE EXISTS (FROM claims)",
    (info.SQL_SUPPORTED_SUBQUERIES, info.SQL_SUBQUERIES_IN_INS): "SELECT 1 WHERE 2 IN (SELECT a FROM claims)",
    (info.SQL_SUPPORTED_SUBQUERIES, info.SQL_SUBQUERIES_IN_QUANTIFIEDS): "SELECT 1 WHERE 3 >= ALL (SELECT 3)",
    (info.SQL_CORRELATED_SUBQUERIES_SUPPORTED, None): "FROM claims c WHERE a = (SELECT c.b)",
    (info.SQL_SUPPORTED_UNIONS, info.SQL_UNION): "SELECT a FROM claims UNION SELECT b FROM claims",
    (info.SQL_SUPPORTED_UNIONS, info.SQL_UNION_ALL): "SELECT a FROM claims UNION ALL SELECT b FROM claims",
    (info.SQL_SUPPORTED_GRAMMAR, info.SQL_MINIMUM_GRAMMAR): "SELECT a FROM claims WHERE a > 1",
    (info.SQL_SUPPORTED_GRAMMAR, info.SQL_CORE_GRAMMAR): "SELECT b, sum(a) FROM claims GROUP BY b HAVING sum(a) > 1",
    (info.SQL_ANSI92_SUPPORTED_LEVEL, info.ANSI92_ENTRY_SQL): "SELECT DISTINCT b FROM claims WHERE a BETWEEN 1 AND 3",
    (info.SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES, None): "",  # it would mean: they must differ
    (info.SQL_SELECT_FOR_UPDATE_SUPPORTED, None): "",  # DuckDB reads the clause and locks nothing
}  # fmt: skip


@pytest.mark.parametrize("claim", TRIED, ids=lambda claim: f"{info.SqlInfo.Name(claim[0])}-{claim[1]}")
def test_a_claim_about_queries_is_what_happens(
    connection: dbapi.Connection, claims: dict[int, Any], claim: tuple[int, int | None]
) -> None:
    code, bit = claim
    claimed = claims[code] if bit is None else has(claims, code, bit)
    text = TRIED[claim]
    happens = bool(text) and query(connection, text).num_rows > 0
    assert claimed is happens


def test_nulls_sort_last_whichever_way(connection: dbapi.Connection, claims: dict[int, Any]) -> None:
    assert claims[info.SQL_NULL_ORDERING] == info.SQL_NULLS_SORTED_AT_END
    for way in ("ASC", "DESC"):
        found = query(connection, f"FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x {way}")["x"].to_pylist()
        assert found[-1] is None


def test_names_compare_without_case_quoted_or_not(connection: dbapi.Connection, claims: dict[int, Any]) -> None:
    both = info.SQL_IDENTIFIER_CASE, info.SQL_QUOTED_IDENTIFIER_CASE
    assert [claims[code] for code in both] == [info.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE] * 2
    quote, extra = claims[info.SQL_IDENTIFIER_QUOTE_CHAR], claims[info.SQL_EXTRA_NAME_CHARACTERS]
    text = f"SELECT A, {quote}A{quote}, x{extra}y FROM (SELECT 1 AS {quote}a{quote}, 2 AS x{extra}y)"
    assert query(connection, text).num_rows == 1


def test_schemas_and_tables_are_made_by_ddl_and_catalogs_are_not(
    connection: dbapi.Connection, claims: dict[int, Any]
) -> None:
    assert (claims[info.SQL_DDL_SCHEMA], claims[info.SQL_DDL_TABLE], claims[info.SQL_DDL_CATALOG]) == (1, 1, 0)
    query(connection, "CREATE SCHEMA claimed")
    query(connection, "CREATE TABLE claimed.t (a INTEGER NOT NULL)")
    assert claims[info.SQL_SUPPORTS_NON_NULLABLE_COLUMNS] is True
    assert "NOT NULL" in refusal(lambda: query(connection, "INSERT INTO claimed.t VALUES (NULL)")).message
    query(connection, "DROP SCHEMA claimed CASCADE")
    assert refusal(lambda: query(connection, "ATTACH ':memory:' AS claimed")).code == "permission_denied"


def test_keys_are_not_enforced_so_integrity_is_not_claimed(
    connection: dbapi.Connection, claims: dict[int, Any]
) -> None:
    assert claims[info.SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY] is False
    refusal(lambda: query(connection, "CREATE TABLE keyed (a INTEGER PRIMARY KEY)"))


def test_a_transaction_reads_the_same_again_and_takes_ddl_back(
    server: Server, connection: dbapi.Connection, claims: dict[int, Any]
) -> None:
    level = info.SQL_TRANSACTION_REPEATABLE_READ
    assert claims[info.SQL_DEFAULT_TRANSACTION_ISOLATION] == level
    assert claims[info.SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS] == 1 << level
    assert claims[info.SQL_TRANSACTIONS_SUPPORTED] is True
    assert claims[info.FLIGHT_SQL_SERVER_TRANSACTION] == info.SQL_SUPPORTED_TRANSACTION_TRANSACTION
    assert claims[info.SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT] is False
    assert claims[info.SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED] is False
    with manual(server) as transaction:
        before = query(transaction, "SELECT count(*) AS n FROM claims")
        query(transaction, "CREATE TABLE made_inside (a INTEGER)")
        query(connection, "INSERT INTO claims VALUES (100, 0)")
        assert query(transaction, "SELECT count(*) AS n FROM claims").equals(before)
        assert query(transaction, "FROM made_inside").num_rows == 0
        transaction.rollback()
    refusal(lambda: query(connection, "FROM made_inside"))
    query(connection, "DELETE FROM claims WHERE a = 100")


def test_what_is_not_claimed_is_refused(bare: Bare, claims: dict[int, Any]) -> None:
    assert claims[info.SQL_SAVEPOINTS_SUPPORTED] is False
    assert refusal(lambda: bare.act("BeginSavepoint", pack(sql.ActionBeginSavepointRequest()))).code == "unsupported"
    assert claims[info.FLIGHT_SQL_SERVER_SUBSTRAIT] is False
    plan = sql.CommandStatementSubstraitPlan(plan=sql.SubstraitPlan(plan=b"x"))
    assert refusal(lambda: bare.info(plan)).code == "unsupported"
    assert claims[info.SQL_STORED_PROCEDURES_SUPPORTED] is False


def test_what_is_claimed_of_actions_is_listed(bare: Bare, claims: dict[int, Any]) -> None:
    listed = {action.type for action in bare.client.list_actions(bare.options)}
    assert claims[info.FLIGHT_SQL_SERVER_CANCEL] is True
    assert "CancelFlightInfo" in listed
    assert {"BeginTransaction", "EndTransaction"} <= listed


def test_limits_are_the_settings(connection: dbapi.Connection, claims: dict[int, Any]) -> None:
    rows = query(connection, "SELECT name, value FROM catalog.settings").to_pylist()
    settings = {row["name"]: row["value"] for row in rows}
    assert claims[info.SQL_MAX_CONNECTIONS] == int(settings["sessions_max"])
    assert claims[info.SQL_MAX_STATEMENTS] == int(settings["prepared_max"])
    assert claims[info.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT] == float(settings["statement_s_max"]) * 1000


def test_keywords_are_duckdbs_but_for_those_of_sql_2003(connection: dbapi.Connection, claims: dict[int, Any]) -> None:
    words = set(query(connection, "SELECT keyword_name FROM duckdb_keywords()")["keyword_name"].to_pylist())
    assert words >= SQL_2003
    assert set(claims[info.SQL_KEYWORDS]) == words - SQL_2003
    assert {"qualify", "pivot", "ilike", "asof"} <= set(claims[info.SQL_KEYWORDS])


FUNCTIONS = (
    info.SQL_NUMERIC_FUNCTIONS,
    info.SQL_STRING_FUNCTIONS,
    info.SQL_SYSTEM_FUNCTIONS,
    info.SQL_DATETIME_FUNCTIONS,
)
# The grammar's own: DuckDB lists no functions of these names.
GRAMMAR = {"coalesce(1)", "ifnull(1, 2)", "extract(year FROM now())", "current_time", "current_timestamp", "localtime"}


@pytest.mark.parametrize("code", FUNCTIONS, ids=info.SqlInfo.Name)
def test_each_function_listed_is_there(connection: dbapi.Connection, claims: dict[int, Any], code: int) -> None:
    known = set(query(connection, "SELECT DISTINCT function_name AS f FROM duckdb_functions()")["f"].to_pylist())
    by_grammar = {text.partition("(")[0] for text in GRAMMAR} | {"localtimestamp"}
    assert set(claims[code]) - known <= by_grammar
    assert len(claims[code]) > 15


def test_functions_of_the_grammar_are_there(connection: dbapi.Connection) -> None:
    query(connection, f"SELECT {', '.join(sorted(GRAMMAR))}, localtimestamp")


NUMBERS = "['TINYINT','SMALLINT','INTEGER','BIGINT','HUGEINT','UTINYINT','UBIGINT','FLOAT','DOUBLE','DECIMAL']"
TIMES = "['DATE','TIME','TIMESTAMP','TIMESTAMP WITH TIME ZONE','TIME WITH TIME ZONE','TIMESTAMP_NS','INTERVAL']"
PLAIN = "function_type = 'scalar' AND regexp_full_match(function_name, '[a-z][a-z0-9_]*')"
NOT_OF_TIME = {"add", "subtract", "multiply", "divide", "equi_width_bins"}  # numbers first


@pytest.mark.parametrize(
    ("code", "condition", "other"),
    [
        (
            info.SQL_NUMERIC_FUNCTIONS,
            f"len(parameter_types) > 0 AND list_has_all({NUMBERS}, parameter_types) "
            f"AND list_contains({NUMBERS}, return_type)",
            set[str](),
        ),
        (
            info.SQL_DATETIME_FUNCTIONS,
            f"(list_has_any({TIMES}, parameter_types) OR list_contains({TIMES}, return_type)) "
            "AND function_name NOT IN ('generate_series', 'range')",
            NOT_OF_TIME,
        ),
    ],
    ids=["numbers", "times"],
)
def test_no_function_of_its_kind_is_missing(
    connection: dbapi.Connection, claims: dict[int, Any], code: int, condition: str, other: set[str]
) -> None:
    text = f"SELECT DISTINCT function_name AS f FROM duckdb_functions() WHERE {PLAIN} AND {condition}"
    found = {name for name in query(connection, text)["f"].to_pylist() if not str(name).startswith("__")}
    assert len(found) > 40
    assert found - other <= set(claims[code])


def test_a_code_that_is_unknown_is_left_out_beside_known_ones(bare: Bare) -> None:
    # Arrow's C++ and Go servers answer NOT_FOUND instead, so that a client that asks for one code too many gets none.
    assert list(told(bare, 99_999, info.FLIGHT_SQL_SERVER_NAME, 2**32 - 1)) == [info.FLIGHT_SQL_SERVER_NAME]
    assert told(bare, 77_777) == {}


def test_only_published_codes_are_told_since_jdbc_fails_on_others(claims: dict[int, Any]) -> None:
    assert sorted(claims) == sorted(info.SqlInfo.values())
