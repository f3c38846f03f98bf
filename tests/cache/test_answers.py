"""A query of pinned datasets gives what it gives without: rows, names and types. What memory can't answer the lake
does."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.cache.watching import evict, from_memory, pin, stats, wait_ready
from tests.harness import Server, manual, query

SHOP = "hot_orders"
SETUP = [
    """CREATE OR REPLACE TABLE hot_orders AS SELECT range AS id, range % 7 AS customer, 'order ' || range AS "a Name",
    (range * 1.25)::DECIMAL(12, 2) AS amount, DATE '2025-01-01' + (range % 60)::INTEGER AS day,
    TIMESTAMPTZ '2025-01-01 10:00:00+00' + to_hours(range::INTEGER) AS placed, [range, range + 1] AS items,
    {'x': range, 'y': 'v' || range} AS place, range % 3 = 0 AS paid, uuid() AS code, range::HUGEINT AS big,
    CASE WHEN range % 4 = 0 THEN NULL ELSE range::DOUBLE END AS maybe, ('b' || range)::BLOB AS raw,
    MAP {'k': range} AS tags, TIME '10:00:00' AS "at", range::UTINYINT AS tiny,
    to_hours(range) + INTERVAL 2 MONTH AS span, [{'m': MAP {1: [NULL, 'x']}, 'n': NULL::INTEGER}] AS deep,
    (range * 3.14159)::DECIMAL(38, 10) AS exact,
    '{"a": 1}'::JSON AS doc, TIMESTAMP_NS '2025-01-01 00:00:00.123456789' AS fine, '12:00:00+05:30'::TIMETZ AS zoned,
    NULL::INTEGER AS void,
    CASE range % 3 WHEN 0 THEN 'nan' WHEN 1 THEN '-0' ELSE '-infinity' END::DOUBLE AS odd, '' AS "empty",
    chr(0) || range AS nul FROM range(200)""",
    "CREATE OR REPLACE TABLE hot_customers AS SELECT range AS id, 'customer ' || range AS name FROM range(7)",
    "CREATE SCHEMA IF NOT EXISTS hot",
    'CREATE OR REPLACE TABLE hot."Odd Name" AS SELECT range AS "select", range AS hot_orders FROM range(9)',
    "CREATE OR REPLACE VIEW hot_view AS SELECT customer, sum(amount) AS amount FROM hot_orders GROUP BY ALL",
    "CREATE OR REPLACE TABLE hot_cold AS SELECT range AS id FROM range(5)",
]
PINNED = ["hot_orders", "hot_customers", "hot.Odd Name"]

ROUTED = [
    "SELECT * FROM hot_orders ORDER BY id",
    "FROM hot_orders ORDER BY ALL",
    'SELECT count(*), sum(amount), avg(maybe), max("a Name") FROM hot_orders',
    'SELECT id + 1, id * 2 AS id, lower("a Name"), -maybe, NOT paid FROM hot_orders ORDER BY hot_orders.id',
    "SELECT hot_orders.id, o.id FROM hot_orders JOIN hot_orders o ON o.id = hot_orders.id + 1 ORDER BY 1",
    'SELECT o.*, c.name FROM main.hot_orders AS o, "lakehouse"."main".hot_customers c'
    " WHERE o.customer = c.id ORDER BY o.id",
    'SELECT HOT_ORDERS.ID, "A NAME" FROM Main.HOT_ORDERS WHERE id < 3 ORDER BY 1',
    "SELECT * FROM hot_orders NATURAL JOIN hot_customers",
    "SELECT * FROM hot_orders o LEFT JOIN hot_customers c USING (id) ORDER BY o.id",
    "SELECT customer, count(*) AS n FROM hot_orders GROUP BY customer HAVING n > 20 ORDER BY ALL",
    "SELECT day, sum(amount) OVER (PARTITION BY customer ORDER BY id) FROM hot_orders ORDER BY id",
    "SELECT id FROM hot_orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY id) = 1 ORDER BY 1",
    "SELECT * EXCLUDE (items, place) REPLACE (id + 1 AS id) FROM hot_orders ORDER BY id LIMIT 5 OFFSET 3",
    "SELECT COLUMNS('a.*') FROM hot_orders ORDER BY ALL",
    "SELECT place.x, place.y, items[1], tags['k'] FROM hot_orders ORDER BY id",
    "SELECT hot_orders FROM hot_orders ORDER BY id",
    "SELECT o FROM hot_orders o ORDER BY o.id LIMIT 3",
    "WITH c AS (SELECT * FROM hot_customers) SELECT * FROM c JOIN hot_orders o ON o.customer = c.id ORDER BY o.id",
    "WITH RECURSIVE r AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
    " SELECT * FROM r, hot_customers ORDER BY ALL",
    "SELECT (SELECT max(id) FROM hot_customers) AS a, id IN (SELECT id FROM hot_customers) AS b FROM hot_orders"
    " ORDER BY id",
    "SELECT * FROM hot_customers c WHERE EXISTS (FROM hot_orders o WHERE o.customer = c.id AND o.id > 195)"
    " ORDER BY ALL",
    "SELECT id FROM hot_customers UNION ALL SELECT customer FROM hot_orders ORDER BY 1",
    "SELECT unnest(items), id FROM hot_orders ORDER BY ALL",
    "SELECT id, u FROM hot_orders, unnest(items) t(u) ORDER BY ALL",
    "SELECT list_transform(items, x -> x + id) AS sums FROM hot_orders ORDER BY id",
    "SELECT x AS renamed FROM hot_customers AS t(x, y) ORDER BY x",
    'SELECT * FROM hot."Odd Name" ORDER BY "select"',
    'SELECT "select" FROM "HOT"."odd name" WHERE hot_orders > 3 ORDER BY 1',
    "SELECT date_trunc('month', day), count(*) FROM hot_orders GROUP BY ALL ORDER BY ALL",
    'SELECT placed, typeof(placed), "at", code = code FROM hot_orders ORDER BY id',
    "SELECT * FROM (VALUES (1), (2)) v(id) JOIN hot_customers USING (id) ORDER BY ALL",
    "SELECT CASE WHEN paid THEN 'yes' END AS p, coalesce(maybe, 0) FROM hot_orders ORDER BY id",
    "SELECT 'x' AS hot_orders, id FROM hot_orders ORDER BY id",
    "SELECT DISTINCT ON (customer) customer, id FROM hot_orders ORDER BY customer, id",
    "SELECT id FROM hot_orders WHERE false",
    "SELECT max(placed) - min(placed), sum(big), max(tiny), max(raw) FROM hot_orders",
    "SELECT * FROM hot_orders o ASOF JOIN hot_customers c ON o.id >= c.id ORDER BY o.id",
    "SELECT customer, amount FROM hot_orders ORDER BY ALL LIMIT 10%",
    "SELECT span, placed + span AS later, deep[1].m[1], deep, exact, doc->>'a' FROM hot_orders ORDER BY id",
    "SELECT fine, typeof(fine), zoned, typeof(zoned), void, isnan(odd), odd FROM hot_orders ORDER BY id",
    'SELECT octet_length(raw), length("empty"), length(nul), strlen(nul), nul FROM hot_orders ORDER BY id',
    "SELECT maybe FROM hot_orders ORDER BY maybe",
    "SELECT maybe FROM hot_orders ORDER BY maybe DESC NULLS FIRST",
    'SELECT "a Name" FROM hot_orders ORDER BY "a Name" COLLATE NOCASE DESC',
    "SELECT name FROM hot_customers WHERE name COLLATE NOCASE = 'CUSTOMER 3'",
    "SELECT id / 0, id % 0, id // 0 FROM hot_customers ORDER BY hot_customers.id",
    "SELECT p.id FROM hot_customers p SEMI JOIN hot_orders USING (id) ORDER BY 1",
    "SELECT id FROM hot_customers EXCEPT SELECT customer FROM hot_orders WHERE customer < 3 ORDER BY 1",
    "SELECT * FROM hot_customers UNION BY NAME SELECT id FROM hot_orders ORDER BY ALL",
    "SELECT * FROM (SELECT id, customer FROM hot_orders) UNPIVOT (v FOR n IN (id, customer)) ORDER BY ALL",
    "SELECT * FROM (SELECT customer, paid, id FROM hot_orders) PIVOT (sum(id) FOR customer IN (1, 2) GROUP BY paid)"
    " ORDER BY ALL",
    "SELECT * FROM hot_customers c, LATERAL (SELECT max(o.id) AS m FROM hot_orders o WHERE o.customer = c.id)"
    " ORDER BY ALL",
    "PIVOT hot_customers ON id IN (1, 2) USING count(*) GROUP BY name ORDER BY ALL",
    "TABLE hot_customers ORDER BY id",
    "SELECT GROUPING(customer), customer, count(*) FROM hot_orders GROUP BY ROLLUP (customer) ORDER BY ALL",
    "SELECT c.name.upper() FROM hot_customers c ORDER BY 1",
]
FROM_THE_LAKE = [
    "SELECT (SELECT max(id) FROM hot_customers), id IN (SELECT id FROM hot_customers) FROM hot_orders ORDER BY id",
    "SELECT * FROM (SELECT id, EXISTS (FROM hot_customers) FROM hot_orders) ORDER BY id",
    "SELECT rowid, id FROM hot_orders ORDER BY id",
    "SELECT id FROM hot_orders WHERE rowid < 3 ORDER BY id",
    "SELECT count(DISTINCT filename) FROM hot_orders",
    "SELECT * FROM hot_view ORDER BY customer",
    "SELECT * FROM hot_orders JOIN hot_cold USING (id) ORDER BY id",
    "SELECT main.hot_orders.id FROM hot_orders ORDER BY 1",
    "SELECT lakehouse.main.hot_orders.id FROM lakehouse.main.hot_orders ORDER BY 1",
    "WITH hot_orders AS (SELECT 1 AS id) SELECT * FROM hot_orders",
    "WITH hot_orders AS (SELECT id FROM hot_orders WHERE id < 3) SELECT * FROM hot_orders ORDER BY 1",
    "SELECT (WITH hot_customers AS (SELECT 9 AS id) SELECT max(id) FROM hot_customers), name"
    " FROM hot_customers ORDER BY 2",
    "SELECT count(*) FROM hot_orders TABLESAMPLE 100%",
    "SELECT count(*) FROM hot_orders USING SAMPLE 100%",
    "SELECT * FROM hot_customers POSITIONAL JOIN (SELECT 1 AS one)",
    "DESCRIBE hot_orders",
    "SELECT current_schema(), id FROM hot_customers ORDER BY id",
    "SELECT column_name FROM duckdb_columns(), hot_customers WHERE false",
    "SELECT list_filter(items, lambda x: x > 9) FROM hot_orders ORDER BY id",
    "SELECT [x + 1 FOR x IN items] FROM hot_orders ORDER BY id",
    "SELECT placed + INTERVAL 1 DAY FROM hot_orders ORDER BY id",
    "PIVOT (SELECT paid, customer FROM hot_orders) ON customer USING count(*) ORDER BY ALL",
    "SUMMARIZE hot_customers",
    "SELECT 'a'::ENUM('a', 'b') AS e FROM hot_customers",
]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        for statement in SETUP:
            query(opened, statement)
        yield opened
        query(opened, "DROP VIEW hot_view")


@pytest.fixture(scope="module")
def unpinned(connection: dbapi.Connection) -> dict[str, pa.Table]:
    """What the lake answers, asked before anything is pinned."""
    return {sql: query(connection, sql) for sql in ROUTED + FROM_THE_LAKE}


@pytest.fixture(scope="module")
def pinned(connection: dbapi.Connection, unpinned: dict[str, pa.Table]) -> Iterator[dict[str, pa.Table]]:
    for dataset in PINNED:
        pin(connection, dataset)
    yield unpinned
    for dataset in PINNED:
        evict(connection, dataset)


def hits(connection: dbapi.Connection) -> int:
    return int(query(connection, "SELECT sum(hits)::BIGINT AS n FROM catalog.cache").to_pylist()[0]["n"])


@pytest.mark.parametrize("sql", ROUTED)
def test_memory_answers_like_the_lake(connection: dbapi.Connection, pinned: dict[str, pa.Table], sql: str) -> None:
    # Another text, so that nothing is known of it: its columns are told from the copies, too.
    before = hits(connection)
    found = query(connection, sql + " -- again")
    assert hits(connection) > before
    assert found.schema.equals(pinned[sql].schema, check_metadata=True)
    assert repr(found.to_pylist()) == repr(pinned[sql].to_pylist())  # NaN is not equal to itself


@pytest.mark.parametrize("sql", FROM_THE_LAKE)
def test_what_memory_can_not_answer_the_lake_does(
    connection: dbapi.Connection, pinned: dict[str, pa.Table], sql: str
) -> None:
    before = hits(connection)
    found = query(connection, sql)
    assert hits(connection) == before
    assert found.schema.equals(pinned[sql].schema, check_metadata=True)
    assert repr(found.to_pylist()) == repr(pinned[sql].to_pylist())  # NaN is not equal to itself


@pytest.mark.usefixtures("pinned")
def test_bound_values_reach_the_copy(connection: dbapi.Connection) -> None:
    for value in (3, 5):
        found, hit = from_memory(connection, SHOP, 'SELECT "a Name" AS n FROM hot_orders WHERE id = ?', (value,))
        assert hit
        assert found.to_pylist() == [{"n": f"order {value}"}]
    named = "SELECT id FROM hot_orders WHERE id BETWEEN $low AND $high ORDER BY id LIMIT $most"
    with connection.cursor() as cursor:
        cursor.adbc_prepare(named)
        cursor.execute(named, (10, 20, 2))
        assert [row[0] for row in cursor.fetchall()] == [10, 11]


@pytest.mark.usefixtures("pinned")
def test_unqualified_names_mean_the_schema_of_the_session(server: Server, connection: dbapi.Connection) -> None:
    with server.connect() as own:
        query(own, "USE hot")
        found, hit = from_memory(own, "hot.Odd Name", 'SELECT count(*) AS n FROM "Odd Name"')
        assert hit
        assert found.to_pylist() == [{"n": 9}]
        query(own, "CREATE OR REPLACE TABLE hot.hot_customers AS SELECT 1 AS id")
        assert query(own, "SELECT count(*) AS n FROM hot_customers").to_pylist() == [{"n": 1}]
    wait_ready(connection, SHOP)
    assert from_memory(connection, SHOP, "SELECT count(*) FROM hot_orders")[1]


@pytest.mark.usefixtures("pinned")
def test_an_error_is_told_in_the_callers_own_words(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error) as raised:
        query(connection, "SELECT nothing FROM hot_orders")
    assert "nothing" in str(raised.value)
    assert "__cache" not in str(raised.value)


ERRORS = [
    "SELECT name::INTEGER FROM hot_customers",
    "SELECT hot_orders.nothing_such FROM hot_orders",
    "SELECT id FROM hot_orders JOIN hot_customers ON true",
    "SELECT (SELECT id FROM hot_customers) AS x FROM hot_orders",
    "SELECT sqrt(id - 5) FROM hot_customers",
    "SELECT error('at ' || name) FROM hot_customers ORDER BY id",
    "SELECT tiny + 250::UTINYINT FROM hot_orders",
]


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize("sql", ERRORS)
def test_an_error_is_the_lakes(server: Server, connection: dbapi.Connection, sql: str) -> None:
    def told(by: dbapi.Connection) -> str:
        with pytest.raises(dbapi.Error) as raised:
            query(by, sql)
        return lakehouse_error(raised.value).message

    with manual(server) as own:  # a transaction reads the lake
        assert told(connection) == told(own)


def test_an_error_after_many_rows_shows_no_text_but_the_callers(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE hot_late AS SELECT range AS id FROM range(500_000)")
    query(connection, "INSERT INTO hot_late VALUES (70_000)")
    sql = "SELECT CASE WHEN id < 499_999 THEN '1' ELSE 'late' END::INTEGER AS n FROM hot_late"
    with pytest.raises(dbapi.Error, match="LINE 1: SELECT CASE WHEN id < 499_999"):
        query(connection, sql)
    pin(connection, "hot_late")
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            reader = cursor.fetch_record_batch()
            assert reader.read_next_batch()["n"][0].as_py() == 1
            with pytest.raises(Exception, match="Could not convert string 'late' to INT32") as raised:
                reader.read_all()
        assert "__cache" not in str(raised.value)
        assert "LINE" not in str(raised.value)
        assert stats(connection, "hot_late")["hits"] == 1
    finally:
        evict(connection, "hot_late")


def test_a_result_from_a_copy_is_read_to_its_end_after_the_copy_is_gone(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE hot_long AS SELECT range AS id FROM range(3_000_000)")
    pin(connection, "hot_long")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM hot_long")
        reader = cursor.fetch_record_batch()
        rows = reader.read_next_batch().num_rows
        assert stats(connection, "hot_long")["hits"] == 1
        evict(connection, "hot_long")
        query(connection, "DROP TABLE hot_long")
        assert rows + sum(batch.num_rows for batch in reader) == 3_000_000


def test_a_prepared_statement_goes_on_over_a_pin_and_an_evict(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE hot_prepared AS SELECT range AS id FROM range(10)")
    sql = "SELECT id, id * 2 AS twice FROM hot_prepared WHERE id = ?"
    with connection.cursor() as cursor:
        cursor.adbc_prepare(sql)

        def ask() -> None:
            cursor.execute(sql, (4,))
            assert cursor.fetchall() == [(4, 8)]

        ask()
        pin(connection, "hot_prepared")
        ask()
        assert stats(connection, "hot_prepared")["hits"] == 1
        evict(connection, "hot_prepared")
        ask()
        pin(connection, "hot_prepared")
        query(connection, "ALTER TABLE hot_prepared ADD COLUMN more INTEGER")
        wait_ready(connection, "hot_prepared")
        ask()
        assert stats(connection, "hot_prepared")["hits"] == 1
        evict(connection, "hot_prepared")


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize("made", ["VIEW hot_customers AS SELECT 99 AS id", "MACRO lower(x) AS 99"])
def test_temporary_objects_count_for_pinned_datasets(server: Server, made: str) -> None:
    with server.connect() as own:
        query(own, f"CREATE TEMP {made}")
        sql = (
            "SELECT lower(name) AS id FROM hot_customers LIMIT 1" if "MACRO" in made else "SELECT id FROM hot_customers"
        )
        assert query(own, sql).to_pylist() == [{"id": 99}]


@pytest.mark.usefixtures("pinned")
def test_a_temporary_table_hides_a_pinned_one(server: Server) -> None:
    with server.connect() as own:
        query(own, "CREATE TEMP TABLE hot_customers AS SELECT 99 AS id")
        assert query(own, "SELECT id FROM hot_customers").to_pylist() == [{"id": 99}]


@pytest.mark.usefixtures("pinned")
def test_a_macro_of_the_lake_counts_for_a_pinned_dataset(connection: dbapi.Connection) -> None:
    sql = "SELECT hot_twice(id) AS n FROM hot_customers ORDER BY id"
    query(connection, "CREATE OR REPLACE MACRO hot_twice(x) AS x * 2")
    assert query(connection, sql).to_pylist()[3] == {"n": 6}
    query(connection, "CREATE OR REPLACE MACRO lower(x) AS 'mine'")
    try:
        assert query(connection, "SELECT lower(name) AS n FROM hot_customers LIMIT 1").to_pylist() == [{"n": "mine"}]
    finally:
        query(connection, "DROP MACRO lower")
        query(connection, "DROP MACRO hot_twice")


@pytest.mark.usefixtures("pinned")
def test_the_time_zone_of_the_session_counts(server: Server) -> None:
    sql = "SELECT placed::VARCHAR AS p FROM hot_orders WHERE id = 0"
    with server.connect() as own:
        assert query(own, sql).to_pylist() == [{"p": "2025-01-01 10:00:00+00"}]
        query(own, "SET TimeZone = 'Asia/Tokyo'")
        wait_ready(own, SHOP)
        found, hit = from_memory(own, SHOP, sql)
        assert hit
        assert found.to_pylist() == [{"p": "2025-01-01 19:00:00+09"}]


@pytest.mark.usefixtures("pinned")
def test_a_transaction_reads_the_lake(server: Server, connection: dbapi.Connection) -> None:
    with manual(server) as own:
        query(own, "INSERT INTO hot_customers VALUES (77, 'mine')")
        assert query(own, "SELECT count(*) AS n FROM hot_customers").to_pylist() == [{"n": 8}]
        assert query(connection, "SELECT count(*) AS n FROM hot_customers").to_pylist() == [{"n": 7}]
        own.rollback()


@pytest.mark.usefixtures("pinned")
def test_a_wide_result_streams_from_memory_while_others_read(connection: dbapi.Connection, server: Server) -> None:
    with connection.cursor() as cursor, server.connect() as other:
        cursor.execute("SELECT a.id FROM hot_orders a, hot_orders b, hot_customers")
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        assert query(other, "SELECT count(*) AS n FROM hot_customers").to_pylist() == [{"n": 7}]
        assert sum(batch.num_rows for batch in reader) <= 200 * 200 * 7
