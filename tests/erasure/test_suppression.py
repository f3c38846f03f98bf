"""Rows of suppressed keys are held back on every way into their dataset, and counted."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi
from pyarrow import parquet

from tests.erasure.people import call, emails, mail, make_people, refused, tombstone
from tests.harness import Server, manual, query
from tests.ingest.sending import send

COLUMNS = "id, email, note"
CSV = b"id,email,note\n20,ada@example.org,again\n21,ben@example.org,again\n22,fay@example.org,new\n23,,nobody\n"
VALUES = (
    "(20, 'ada@example.org', 'again'), (21, 'ben@example.org', 'again'), (22, 'fay@example.org', 'x'), (23, NULL, 'x')"
)
ROWS = pa.table(
    {
        "id": [20, 21, 22, 23],
        "email": ["ada@example.org", "ben@example.org", "fay@example.org", None],
        "note": ["again", "again", "new", "x"],
    }
)
Way = Callable[[Server, dbapi.Connection, str], None]


def insert(_: Server, connection: dbapi.Connection, name: str) -> None:
    query(connection, f"INSERT INTO {name} VALUES {VALUES}")


def insert_named(_: Server, connection: dbapi.Connection, name: str) -> None:
    query(
        connection,
        f"INSERT INTO main.{name} (note, email, id) SELECT note, email, id FROM (VALUES {VALUES}) v({COLUMNS})",
    )


def insert_by_name(_: Server, connection: dbapi.Connection, name: str) -> None:
    query(connection, f"INSERT INTO lakehouse.main.{name} BY NAME SELECT * FROM (VALUES {VALUES}) v({COLUMNS})")


def insert_bound(_: Server, connection: dbapi.Connection, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", ROWS)


def insert_one_by_one(_: Server, connection: dbapi.Connection, name: str) -> None:
    for row in ROWS.to_pylist():
        query(connection, f"INSERT INTO {name} VALUES (?, ?, ?)", tuple(row.values()))


def insert_in_a_transaction(server: Server, _: dbapi.Connection, name: str) -> None:
    with manual(server) as own:
        query(own, f"INSERT INTO {name} VALUES {VALUES}")
        own.commit()


def copy(server: Server, connection: dbapi.Connection, name: str) -> None:
    (server.data / "import" / f"{name}.csv").write_bytes(CSV)
    query(connection, f"COPY {name} FROM '{server.data / 'import' / f'{name}.csv'}'")


def ingest(_: Server, connection: dbapi.Connection, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_ingest(name, ROWS, mode="append")


def ingest_in_a_transaction(server: Server, _: dbapi.Connection, name: str) -> None:
    with manual(server) as own:
        with own.cursor() as cursor:
            cursor.adbc_ingest(name, ROWS, mode="append")
        own.commit()


def ingest_file(server: Server, _: dbapi.Connection, name: str) -> None:
    with server.operations() as operations:
        send(operations, name, CSV + name.encode())


WAYS = [
    insert,
    insert_named,
    insert_by_name,
    insert_bound,
    insert_one_by_one,
    insert_in_a_transaction,
    copy,
    ingest,
    ingest_in_a_transaction,
]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_again_is_held_back(server: Server, connection: dbapi.Connection, way: Way) -> None:
    name = f"held_{way.__name__}"
    make_people(connection, name)
    tombstone(connection, name, "ada", "ben")
    way(server, connection, name)
    assert emails(connection, name) == ["cem", "dee", "eva"] * 2 + ["fay", "None"]
    text = f"SELECT key_value, held_back_rows FROM catalog.suppressions WHERE dataset = '{name}' ORDER BY key_value"
    assert [tuple(row.values()) for row in query(connection, text).to_pylist()] == [(mail("ada"), 1), (mail("ben"), 1)]
    assert query(connection, f"SELECT 1 FROM __raw__{name} WHERE note = 'again'").num_rows == 0


def replace_by_query(_: Server, connection: dbapi.Connection, name: str) -> None:
    query(connection, f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM (VALUES {VALUES}) v({COLUMNS})")


def make_anew(_: Server, connection: dbapi.Connection, name: str) -> None:
    query(connection, f"DROP TABLE {name}")
    query(connection, f"CREATE TABLE {name} ({COLUMNS}) AS FROM (VALUES {VALUES})")


def replace_by_ingest(_: Server, connection: dbapi.Connection, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_ingest(name, ROWS, mode="replace")


def replace_by_file(server: Server, _: dbapi.Connection, name: str) -> None:
    with server.operations() as operations:
        send(operations, name, CSV, mode="replace")


@pytest.mark.parametrize("way", [replace_by_query, make_anew, replace_by_ingest, replace_by_file])
def test_a_dataset_that_is_made_anew_holds_them_back_too(
    server: Server, connection: dbapi.Connection, way: Way
) -> None:
    name = f"anew_{way.__name__}"
    make_people(connection, name)
    tombstone(connection, name, "ada", "ben")
    way(server, connection, name)
    assert emails(connection, name) == ["fay", "None"]
    text = f"SELECT sum(held_back_rows)::INT AS n FROM catalog.suppressions WHERE dataset = '{name}'"
    assert query(connection, text).to_pylist() == [{"n": 2}]


def test_the_count_is_of_what_was_written(connection: dbapi.Connection) -> None:
    make_people(connection, "held_count")
    tombstone(connection, "held_count", "ada")
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO held_count VALUES {VALUES}")
        assert cursor.rowcount in (3, -1)
        assert cursor.adbc_ingest("held_count", ROWS, mode="append") == 3


def test_defaults_hold_where_rows_are_held_back(connection: dbapi.Connection) -> None:
    make_people(connection, "held_default")
    tombstone(connection, "held_default", "ada")
    query(connection, "INSERT INTO held_default (id, email) VALUES (30, 'gil@example.org'), (31, 'ada@example.org')")
    query(connection, "INSERT INTO held_default VALUES (32, 'hal@example.org', DEFAULT)")
    rows = query(connection, "SELECT id, note FROM held_default WHERE id >= 30 ORDER BY id").to_pylist()
    assert rows == [{"id": 30, "note": "none"}, {"id": 32, "note": "none"}]


def test_keys_are_compared_as_what_they_are(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE held_number AS SELECT i AS id FROM range(3) t(i)")
    call(connection, "tombstone", dataset="held_number", key_column="id", key_values=[1])
    query(connection, "INSERT INTO held_number VALUES ('1'), (1.0), ('4')")
    with connection.cursor() as cursor:
        cursor.adbc_ingest("held_number", pa.table({"id": pa.array([1, 5], pa.int16())}), mode="append")
        cursor.adbc_ingest("held_number", pa.table({"id": ["01", "6"]}), mode="append")
    assert query(connection, "SELECT id FROM held_number ORDER BY id")["id"].to_pylist() == [0, 2, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UPDATE {name} SET email = 'ada@example.org' WHERE id = 2", "key_suppressed"),
        (
            "MERGE INTO {name} t USING (SELECT 40 AS id, 'ada@example.org' AS email) s ON t.id = s.id "
            "WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)",
            "key_suppressed",
        ),
        ("ALTER TABLE {name} RENAME TO {name}_2", "invalid_argument"),
        ("ALTER TABLE {name} RENAME COLUMN email TO address", "invalid_argument"),
        ("ALTER TABLE {name} RENAME email TO address", "invalid_argument"),
        ("ALTER TABLE {name} DROP COLUMN email", "invalid_argument"),
        ("EXPLAIN ANALYZE INSERT INTO {name} VALUES (41, 'ada@example.org', 'x')", "invalid_argument"),
    ],
)
def test_other_ways_around_are_refused(connection: dbapi.Connection, text: str, code: str) -> None:
    name = f"around_{abs(hash(text)) % 10**9}"
    make_people(connection, name)
    tombstone(connection, name, "ada")
    before = query(connection, f"FROM {name} ORDER BY id").to_pylist()
    assert refused(connection, text.format(name=name)).code == code
    assert query(connection, f"FROM {name} ORDER BY id").to_pylist() == before


def test_another_table_does_not_take_the_place_of_the_dataset(connection: dbapi.Connection) -> None:
    make_people(connection, "place")
    tombstone(connection, "place", "ada")
    query(connection, "DROP TABLE place")
    make_people(connection, "in_its_place")
    assert refused(connection, "ALTER TABLE in_its_place RENAME TO place").code == "invalid_argument"


def test_what_does_not_touch_the_key_goes_on(connection: dbapi.Connection) -> None:
    make_people(connection, "goes_on")
    tombstone(connection, "goes_on", "ada")
    query(connection, "UPDATE goes_on SET note = 'changed' WHERE id = 1")
    query(connection, "DELETE FROM goes_on WHERE id = 2")
    query(connection, "ALTER TABLE goes_on ADD COLUMN phone VARCHAR")
    query(connection, "COMMENT ON COLUMN goes_on.email IS 'where to write'")
    query(
        connection,
        "MERGE INTO goes_on t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET note = 'merged'",
    )
    assert query(connection, "SELECT note FROM goes_on WHERE id = 1").to_pylist() == [{"note": "merged"}]


def test_lifting_lets_new_rows_in_and_no_old_ones_back(connection: dbapi.Connection) -> None:
    make_people(connection, "lifted")
    tombstone(connection, "lifted", "ada")
    query(connection, "INSERT INTO lifted VALUES (50, 'ada@example.org', 'held back')")
    call(connection, "lift_suppression", dataset="lifted", key_values=[mail("ada")])
    query(connection, "INSERT INTO lifted VALUES (51, 'ada@example.org', 'let in')")
    rows = query(connection, "SELECT id FROM lifted WHERE email = 'ada@example.org'").to_pylist()
    assert rows == [{"id": 51}]
    assert query(connection, "FROM catalog.suppressions WHERE dataset = 'lifted'").num_rows == 0


def test_a_transaction_that_wrote_before_the_tombstone_is_run_again(
    server: Server, connection: dbapi.Connection
) -> None:
    make_people(connection, "overtaken")
    with manual(server) as own:
        query(own, "INSERT INTO overtaken VALUES (60, 'ada@example.org', 'too late')")
        tombstone(connection, "overtaken", "ada")
        with pytest.raises(dbapi.Error, match="run the transaction again"):
            own.commit()
    assert "ada" not in emails(connection, "overtaken")


def test_a_temporary_table_of_the_same_name_is_the_sessions_own(connection: dbapi.Connection) -> None:
    make_people(connection, "twice_named")
    tombstone(connection, "twice_named", "ada")
    query(connection, "CREATE TEMP TABLE twice_named (id BIGINT, email VARCHAR, note VARCHAR)")
    query(connection, "INSERT INTO temp.twice_named VALUES (1, 'ada@example.org', 'mine')")
    assert query(connection, "FROM temp.twice_named").num_rows == 1


def test_what_is_held_back_reaches_no_file(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        make_people(connection, "people")
        tombstone(connection, "people", "ada")
        query(
            connection,
            "INSERT INTO people VALUES (70, 'ada@example.org', 'a marker 7f3c1d'), (71, 'x@example.org', 'y')",
        )
        with connection.cursor() as cursor:
            rows = pa.table({"id": [72], "email": [mail("ada")], "note": ["a marker 7f3c1d"]})
            cursor.adbc_ingest("people", rows, mode="append")
        assert emails(connection, "people")[-1] == "x"
    files = [file for file in data.rglob("*") if file.is_file()]
    assert any(file.suffix == ".parquet" for file in files)
    for file in files:
        decoded = str(parquet.read_table(file).to_pylist()) if file.suffix == ".parquet" else ""
        assert b"7f3c1d" not in file.read_bytes(), file
        assert "7f3c1d" not in decoded, file
