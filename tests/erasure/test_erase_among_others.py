"""An erasure ends what stands in its way after a grace, with a code that says so, and nothing else."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, LakehouseError, lakehouse_error
from tests.erasure.among import begun, count, erased, going_on, not_clean
from tests.erasure.people import NAMES, call, emails, mail, make_people, refused, tombstone
from tests.harness import Server, manual, query

WIDE = 400_000  # rows of a result that no buffer on its way holds
_numbers = itertools.count()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("among") / "data", "--erasure-grace-s", "0.3") as running:
        yield running


@pytest.fixture
def connection(own: Server) -> Iterator[dbapi.Connection]:
    """When it ends the datasets are dropped: the tests use the same keys."""
    opened = own.connect()
    yield opened
    for row in query(opened, "SELECT dataset, kind FROM catalog.datasets").to_pylist():
        query(opened, f"DROP {row['kind']} {row['dataset']}")
    opened.close()


@pytest.fixture
def people(connection: dbapi.Connection) -> str:
    """A dataset of the test's own in which a tombstone waits for its erasure: ada's. Its people are nobody else's."""
    name = f"people_{next(_numbers)}"
    make_people(connection, name)
    query(connection, f"UPDATE {name} SET email = replace(email, 'example', '{name}')")
    call(connection, "tombstone", dataset=name, key_column="email", key_values=[of(name, "ada")])
    return name


def of(people: str, who: str) -> str:
    return f"{who}@{people}.org"


def error_of(work: object) -> LakehouseError:
    with pytest.raises(DRIVER_ERRORS) as error:
        work()  # type: ignore[operator]
    return lakehouse_error(error.value)


def test_a_result_that_a_slow_reader_holds_open_is_ended(own: Server, people: str) -> None:
    with own.connect() as slow, slow.cursor() as cursor:
        cursor.execute(f"SELECT i, repeat('x', 200) AS t FROM range({WIDE}) r(i), (SELECT count(*) FROM {people})")
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        assert not_clean(erased(own, people)) == set()
        assert error_of(reader.read_all).code == "ended_for_erasure"


def test_a_transaction_that_has_run_something_is_ended_and_leaves_nothing(
    own: Server, connection: dbapi.Connection, people: str
) -> None:
    with manual(own) as reads, manual(own) as writes:
        query(reads, f"SELECT * FROM {people}")
        query(writes, f"INSERT INTO {people} VALUES (70, 'zoe@example.org', 'in a transaction')")
        assert not_clean(erased(own, people)) == set()
        assert error_of(lambda: query(reads, "SELECT 1")).code == "ended_for_erasure"
        assert error_of(writes.commit).code == "ended_for_erasure"
        reads.rollback()
        assert "ada" not in emails(reads, people)
    assert "zoe" not in emails(connection, people)


def test_a_transaction_begun_in_sql_is_ended_the_same_way(own: Server, people: str) -> None:
    with own.connect() as one:
        query(one, "BEGIN")
        query(one, f"UPDATE {people} SET note = 'changed'")
        erased(own, people)
        assert error_of(lambda: query(one, "COMMIT")).code == "ended_for_erasure"
        query(one, "BEGIN")
        assert "changed" not in query(one, f"SELECT note FROM {people}")["note"].to_pylist()
        query(one, "ROLLBACK")


def test_a_transaction_in_which_nothing_has_run_goes_on(own: Server, connection: dbapi.Connection, people: str) -> None:
    with manual(own) as idle:
        query(idle, "CREATE TABLE written_before AS SELECT 1 AS a")
        idle.commit()
        erased(own, people)
        query(idle, f"INSERT INTO {people} VALUES (71, 'yan@example.org', 'in the same transaction')")
        assert "ada" not in emails(idle, people)
        idle.commit()
    assert "yan" in emails(connection, people)


def test_erasing_inside_a_transaction_that_has_read_is_refused_at_once(own: Server, people: str) -> None:
    with own.connect() as one:
        query(one, "BEGIN")
        query(one, f"SELECT * FROM {people}")
        assert refused(one, f"CALL erase(dataset := '{people}')").code == "invalid_argument"
        query(one, "COMMIT")
        query(one, "BEGIN")
        assert query(one, f"CALL erase(dataset := '{people}')").num_rows > 1, "nothing has run in this one"
        query(one, "ROLLBACK")


def test_who_uses_the_lake_meanwhile_waits_and_hears_nothing(own: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "busy")
    query(connection, "CREATE TABLE beside AS SELECT i FROM range(10) r(i)")
    query(connection, "CREATE SCHEMA IF NOT EXISTS other")
    query(connection, "CREATE TABLE other.elsewhere AS SELECT 1 AS a")
    query(connection, "CALL cache_pin(dataset := 'beside')")
    zone, temporary, prepared = own.connect(), own.connect(), own.connect()
    query(temporary, "CREATE TEMP TABLE kept AS SELECT 'five' AS five")
    bound = prepared.cursor()

    def schema_and_zone(_: int) -> None:
        query(zone, "USE other")
        query(zone, "SET TimeZone = 'Asia/Tokyo'")
        assert query(zone, "SELECT a FROM elsewhere").num_rows == 1
        query(zone, "USE main")

    def run_again(turn: int) -> None:
        bound.execute("SELECT count(*) AS n FROM beside WHERE i < ?", (turn % 10,))
        assert bound.fetch_arrow_table()["n"][0].as_py() == turn % 10

    works = (
        schema_and_zone,
        run_again,
        lambda _: own.rows("FROM beside"),
        lambda _: query(temporary, "SELECT five, (SELECT count(*) FROM beside) FROM kept"),
        lambda _: connection.adbc_get_objects().read_all(),
        lambda _: own.rows("CALL health()"),
        lambda _: own.rows("CALL journal_verify()"),
    )
    with going_on(*works) as loops:
        for who in NAMES[:2]:
            own.rows(f"CALL tombstone(dataset := 'busy', key_column := 'email', key_values := ['{mail(who)}'])")
            assert not_clean(erased(own, "busy")) == set()
    bound.close()
    assert [set(loop.codes) - {"ended_for_erasure"} for loop in loops] == [set()] * len(works)


def test_what_a_session_has_set_and_prepared_still_holds(own: Server, people: str) -> None:
    with own.connect() as one, one.cursor() as prepared:
        query(one, "CREATE SCHEMA IF NOT EXISTS place")
        query(one, "CREATE OR REPLACE TABLE place.only_here AS SELECT 5 AS five")
        query(one, f"CREATE VIEW names_of AS SELECT email FROM main.{people}")
        query(one, "CREATE MACRO twice(x) AS x * 2")
        query(one, "SET TimeZone = 'Asia/Tokyo'")
        query(one, "USE place")
        prepared.execute("SELECT twice(five) + ? AS n FROM only_here", (1,))
        assert prepared.fetch_arrow_table()["n"][0].as_py() == 11
        erased(own, people)
        prepared.execute("SELECT twice(five) + ? AS n FROM only_here", (2,))
        assert prepared.fetch_arrow_table()["n"][0].as_py() == 12
        assert query(one, "SELECT current_setting('TimeZone') AS z")["z"][0].as_py() == "Asia/Tokyo"
        assert query(one, "FROM only_here").num_rows == 1
        assert query(one, "FROM main.names_of").num_rows == 8
        query(one, "DROP VIEW main.names_of")
        query(one, "DROP MACRO twice")


def test_temporary_tables_stay_unless_they_hold_what_is_erased(own: Server, people: str) -> None:
    with own.connect() as clean, own.connect() as holds, manual(own) as idle:
        query(clean, f"CREATE TEMP TABLE mine AS SELECT * FROM {people} WHERE email LIKE 'ben%'")
        query(idle, f"CREATE TEMP TABLE mine AS SELECT * FROM {people} WHERE email LIKE 'cem%'")
        idle.commit()
        query(holds, f"CREATE TEMP TABLE mine AS SELECT '{of(people, 'ada')}' AS written_to")
        assert erased(own, people)["sessions"]["erased_count"] == 1
        assert count(clean, "mine") == count(idle, "mine") == 2
        assert error_of(lambda: query(holds, "FROM mine")).code == "unauthenticated"


def test_a_result_that_waits_for_its_ticket_stays_unless_it_shows_what_is_erased(own: Server, people: str) -> None:
    with own.connect() as first, first.cursor() as counts, own.connect() as other, other.cursor() as shows:
        (info,), _ = counts.adbc_execute_partitions(f"INSERT INTO {people} VALUES (72, 'xi@example.org', 'waits')")
        text = f"EXPLAIN SELECT * FROM {people} WHERE email = '{of(people, 'ada')}'"
        (seen,), _ = shows.adbc_execute_partitions(text)
        erased(own, people)
        counts.adbc_read_partition(info)
        assert counts.fetchall() == [(1,)]

        def fetch() -> None:
            shows.adbc_read_partition(seen)
            shows.fetchall()

        assert error_of(fetch).code == "ended_for_erasure"


def test_writers_go_on_and_lose_no_row_that_they_were_told_of(own: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "written")
    query(connection, "CALL set_journal(dataset := 'written', enabled := true, entity_column := 'email')")
    query(connection, "CREATE TABLE beside (id BIGINT, turn BIGINT)")
    query(connection, "INSERT INTO beside VALUES (-1, 0)")
    connections = [own.connect() for _ in range(4)]

    def insert(turn: int) -> None:
        query(connections[0], "INSERT INTO beside VALUES (?, 0)", (turn,))

    def update(turn: int) -> None:
        query(connections[1], "UPDATE beside SET turn = ? WHERE id = -1", (turn,))

    def into_the_same(turn: int) -> None:
        query(connections[2], f"INSERT INTO written VALUES ({1000 + turn}, 'w{turn}@example.org', 'written')")

    def commit(turn: int) -> None:
        query(connections[3], "BEGIN")
        try:
            query(connections[3], f"INSERT INTO beside VALUES ({10**6 + turn}, 0)")
        except DRIVER_ERRORS:
            query(connections[3], "ROLLBACK")
            raise
        query(connections[3], "COMMIT")

    with going_on(insert, update, into_the_same, commit) as loops:
        for who in NAMES[:2]:
            own.rows(f"CALL tombstone(dataset := 'written', key_column := 'email', key_values := ['{mail(who)}'])")
            assert not_clean(erased(own, "written")) == set()
    assert {code for loop in loops for code in loop.codes} <= {"ended_for_erasure", "conflict"}
    assert count(connection, "beside WHERE id BETWEEN 0 AND 999999") == loops[0].done
    assert count(connection, "beside WHERE id >= 1000000") == loops[3].done
    assert count(connection, "written") == 2 * len(NAMES[2:]) + loops[2].done
    journalled = "catalog.journal WHERE dataset = 'written' AND"
    assert count(connection, "catalog.journal WHERE change = 'gap'") == 0
    query(connection, "CALL journal_flush()")
    assert count(connection, f"{journalled} change = 'insert'") == loops[2].done


def test_an_ingest_that_an_erasure_meets_is_whole_or_nothing(
    own: Server, connection: dbapi.Connection, people: str
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(40):
            yield pa.record_batch({"i": list(range(number * 1000, (number + 1) * 1000))})
            time.sleep(0.05)

    schema = pa.schema({"i": pa.int64()})
    with own.connect() as loader, loader.cursor() as cursor:
        erasing = begun(own, people)
        reader = pa.RecordBatchReader.from_batches(schema, batches())
        try:
            told: int | str = cursor.adbc_ingest("streamed", reader)
        except DRIVER_ERRORS as error:
            told = lakehouse_error(error).code
    assert told in (40_000, "ended_for_erasure")
    assert not_clean(erasing.result(60)) == set()
    there = query(connection, "FROM catalog.datasets WHERE dataset = 'streamed'").num_rows
    assert (there and count(connection, "streamed")) == (told if isinstance(told, int) else 0)


def test_two_erasures_at_once_are_done_one_after_the_other(
    own: Server, connection: dbapi.Connection, people: str
) -> None:
    make_people(connection, "second")
    tombstone(connection, "second", "eva")
    both = begun(own, people), begun(own, "second")
    assert [not_clean(one.result(90)) for one in both] == [set(), set()]


def test_the_same_erasure_twice_at_once_erases_once(own: Server, connection: dbapi.Connection, people: str) -> None:
    results: list[int | str] = []
    for one in [begun(own, people) for _ in range(2)]:
        try:
            results.append(len(one.result(90)))
        except DRIVER_ERRORS as error:
            results.append(lakehouse_error(error).code)
    assert any(isinstance(result, int) for result in results)
    assert {result for result in results if isinstance(result, str)} <= {"not_found"}
    assert "ada" not in emails(connection, people)
    text = f"SELECT DISTINCT erasure_id FROM catalog.erasures WHERE dataset = '{people}'"
    assert query(connection, text).num_rows == 1


def test_a_tombstone_set_meanwhile_is_neither_lost_nor_erased_without_record(
    own: Server, connection: dbapi.Connection
) -> None:
    query(connection, "CREATE TABLE many AS SELECT i AS id, 'k' || i || '@example.org' AS email FROM range(300) r(i)")
    setter = own.connect()

    def one_more(turn: int) -> None:
        call(setter, "tombstone", dataset="many", key_column="email", key_values=[f"k{turn}@example.org"])

    with going_on(one_more) as (loop,):
        for _ in range(2):
            assert not_clean(erased(own, "many")) == set()
    waiting = count(connection, "catalog.tombstones WHERE dataset = 'many' AND erased_at IS NULL")
    gone = count(connection, "catalog.tombstones WHERE dataset = 'many' AND erased_at IS NOT NULL")
    assert (loop.codes, waiting + gone) == ([], loop.done)
    assert count(connection, "many") == 300 - loop.done
    assert count(connection, "__raw__many WHERE __deleted") == waiting
    recorded = "catalog.erasure_keys JOIN catalog.erasures USING (erasure_id) WHERE dataset = 'many'"
    assert count(connection, f"{recorded} AND surface = 'dataset'") == gone
    if waiting:
        assert not_clean(erased(own, "many")) == set()


def test_the_job_goes_on_when_its_client_goes_away(own: Server, connection: dbapi.Connection, people: str) -> None:
    jobs = f"SELECT job_id FROM catalog.jobs WHERE kind = 'erase' AND subject = '{people}'"
    with own.connect() as gone, gone.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        calling = pool.submit(cursor.execute, f"CALL erase(dataset := '{people}')")
        while not (found := query(connection, jobs)["job_id"].to_pylist()):
            assert not calling.done()
        cursor.adbc_cancel()
        assert isinstance(calling.exception(60), DRIVER_ERRORS)
    with own.operations() as operations:
        *_, last = operations.watch(str(found[0]), poll_s=0.1)
    assert last.status == "succeeded"
    assert count(connection, f"catalog.erasures WHERE dataset = '{people}'") > 0


def test_a_dataset_that_was_made_anew_without_its_key_column_is_erased(
    own: Server, connection: dbapi.Connection, people: str
) -> None:
    query(connection, f"DROP TABLE {people}")
    query(connection, f"CREATE TABLE {people} (other INTEGER)")
    assert not_clean(erased(own, people)) == set()
    query(connection, f"DROP TABLE {people}")
    query(connection, f"CREATE VIEW {people} AS SELECT 1 AS a")


def test_dropping_it_meanwhile_ends_no_erasure(own: Server, connection: dbapi.Connection, people: str) -> None:
    erasing = begun(own, people)
    query(connection, f"DROP TABLE {people}")
    assert not_clean(erasing.result(60)) == set()


def test_the_name_and_the_key_column_stay_before_and_after(
    own: Server, connection: dbapi.Connection, people: str
) -> None:
    changes = (f"ALTER TABLE {people} RENAME TO renamed", f"ALTER TABLE {people} DROP COLUMN email")
    for text in changes:
        assert refused(connection, text).code == "invalid_argument"
    erasing = begun(own, people)
    for text in changes:
        assert refused(connection, text).code == "invalid_argument"
    query(connection, f"ALTER TABLE {people} DROP COLUMN note")
    assert not_clean(erasing.result(60)) == set()
    for text in changes:
        assert refused(connection, text).code == "invalid_argument"
