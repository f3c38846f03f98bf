"""Loads whose schema differs in a way that loses nothing: they are done, and the table follows in the same commit."""

from pathlib import Path

import pyarrow as pa
import pytest

from clients.python import Operations
from tests.evolution.sending import FORMATS, proposals, refusal, schema, send, snapshots
from tests.harness import Server, manual, query
from tests.ingest.sending import refused
from tests.ingest.sending import send as send_file


def make(server: Server, name: str, columns: str, values: str = "") -> str:
    server.rows(f"CREATE OR REPLACE TABLE {name} ({columns})")
    if values:
        server.rows(f"INSERT INTO {name} VALUES {values}")
    return name


@pytest.mark.parametrize("form", FORMATS)
def test_columns_are_matched_by_name_whatever_their_order_and_letter_case(server: Server, form: str) -> None:
    name = make(server, f"evo_order_{form}", "id BIGINT, Name VARCHAR, city VARCHAR", "(1, 'a', 'x')")
    before = schema(server, name)
    send(server, name, form, CITY=["y"], NAME=["b"], id=[2])
    assert server.rows(f"FROM {name} ORDER BY id") == [
        {"id": 1, "Name": "a", "city": "x"},
        {"id": 2, "Name": "b", "city": "y"},
    ]
    assert schema(server, name) == before
    assert len(snapshots(server, name)) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_added_column_is_there_with_the_rows_and_null_before(server: Server, form: str) -> None:
    name = make(server, f"evo_added_{form}", "id BIGINT", "(1)")
    send(server, name, form, id=[2], note=["new"])
    assert server.rows(f"FROM {name} ORDER BY id") == [{"id": 1, "note": None}, {"id": 2, "note": "new"}]
    made, changed = snapshots(server, name)
    assert (changed["actor"], changed["source"].startswith("ingest ")) == ("admin", True)
    loaded = server.rows("SELECT changes_made FROM catalog.snapshots WHERE snapshot_id = ?", (changed["snapshot_id"],))
    assert "inserted_into_table" in loaded[0]["changes_made"]
    assert "altered_table" in loaded[0]["changes_made"]
    send(server, name, form, id=[3])
    assert len(snapshots(server, name)) == 2
    assert made["snapshot_id"] < changed["snapshot_id"]


@pytest.mark.parametrize("form", FORMATS)
def test_missing_column_is_null_and_stays(server: Server, form: str) -> None:
    name = make(server, f"evo_missing_{form}", "id BIGINT, note VARCHAR, kind VARCHAR DEFAULT 'usual'", "(1, 'a', 'x')")
    send(server, name, form, id=[2])
    assert server.rows(f"FROM {name} WHERE id = 2") == [{"id": 2, "note": None, "kind": "usual"}]


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_wider_type_widens_the_column(server: Server, form: str) -> None:
    name = make(
        server, f"evo_wide_{form}", "id INTEGER, price DECIMAL(6,2), ratio FLOAT, n SMALLINT", "(1, 1.25, 0.5, 3)"
    )
    prices = pa.array([9_999_999], pa.decimal128(12, 4))
    send(server, name, form, id=[1 << 40], price=prices, ratio=[0.1], n=pa.array([1.5], pa.float64()))
    types = {"id": "BIGINT", "price": "DECIMAL(12,4)", "ratio": "DOUBLE", "n": "DOUBLE"}
    assert schema(server, name) == types
    found = server.rows(f"SELECT id, price::VARCHAR AS price, ratio, n FROM {name} ORDER BY id")
    assert found == [
        {"id": 1, "price": "1.2500", "ratio": 0.5, "n": 3.0},
        {"id": 1 << 40, "price": "9999999.0000", "ratio": 0.1, "n": 1.5},
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_narrower_type_is_taken_as_it_is(server: Server, form: str) -> None:
    name = make(server, f"evo_narrow_{form}", "id BIGINT, price DOUBLE, code VARCHAR", f"({1 << 40}, 1.5, 'x')")
    before = schema(server, name)
    send(server, name, form, id=pa.array([7], pa.int16()), price=pa.array([2], pa.int32()), code=[12])
    assert server.rows(f"FROM {name} WHERE id = 7") == [{"id": 7, "price": 2.0, "code": "12"}]
    assert schema(server, name) == before


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_narrower_column_takes_values_of_another_type_that_lose_nothing(server: Server, form: str) -> None:
    name = make(server, f"evo_fits_{form}", "day DATE, n INTEGER", "(DATE '2024-01-01', 1)")
    before = schema(server, name)
    send(server, name, form, day=["2024-05-17", None], n=["12", "7"])
    assert server.rows(f"SELECT day::VARCHAR AS day, n FROM {name} ORDER BY n") == [
        {"day": "2024-01-01", "n": 1},
        {"day": None, "n": 7},
        {"day": "2024-05-17", "n": 12},
    ]
    assert schema(server, name) == before


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_fields_of_a_struct_are_added_and_widened(server: Server, form: str) -> None:
    name = make(
        server, f"evo_nested_{form}", "v STRUCT(a INTEGER, b VARCHAR), l INTEGER[]", "({'a': 1, 'b': 'x'}, [1])"
    )
    kind = pa.struct([("c", pa.string()), ("A", pa.int64())])
    send(server, name, form, v=pa.array([{"c": "new", "A": 1 << 40}], kind), l=[[1 << 40]])
    assert schema(server, name) == {"v": 'STRUCT("a" BIGINT, "b" VARCHAR, "c" VARCHAR)', "l": "BIGINT[]"}
    assert server.rows(f"FROM {name} ORDER BY v.a") == [
        {"v": {"a": 1, "b": "x", "c": None}, "l": [1]},
        {"v": {"a": 1 << 40, "b": None, "c": "new"}, "l": [1 << 40]},
    ]


def test_json_widens_a_column_only_for_values_that_need_it(server: Server, operations: Operations) -> None:
    name = make(server, "evo_json", "id INTEGER", "(1)")
    send_file(operations, name, b'[{"id": 2}]', "a.json")
    assert schema(server, name) == {"id": "INTEGER"}
    send_file(operations, name, b'[{"id": 99999999999}]', "b.json")
    assert schema(server, name) == {"id": "BIGINT"}
    assert [row["id"] for row in server.rows(f"FROM {name} ORDER BY id")] == [1, 2, 99999999999]


@pytest.mark.parametrize(
    ("file", "content"), [("twice.csv", b"id,note,note\n2,a,b\n"), ("case.csv", b"id,note,Note\n2,a,b\n")]
)
def test_column_that_comes_twice_is_refused(server: Server, operations: Operations, file: str, content: bytes) -> None:
    name = make(server, "evo_twice", "id BIGINT, note VARCHAR")
    assert "comes twice" in refused(operations, name, content, file)
    assert schema(server, name) == {"id": "BIGINT", "note": "VARCHAR"}


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_column_that_comes_twice_in_other_letter_case_is_refused(server: Server, form: str) -> None:
    name = make(server, f"evo_cases_{form}", "id BIGINT, note VARCHAR")
    assert "comes twice" in refusal(server, name, form, id=[1], note=["a"], NOTE=["b"])
    assert schema(server, name) == {"id": "BIGINT", "note": "VARCHAR"}


def test_first_line_with_equal_values_is_no_header(server: Server, operations: Operations) -> None:
    name = make(server, "evo_headless", "column0 BIGINT, column1 BIGINT")
    send_file(operations, name, b"1,1\n2,3\n", "plain.csv")
    assert server.rows(f"SELECT count(*) AS n FROM {name}") == [{"n": 2}]


def test_not_null_column_must_be_there(server: Server, operations: Operations) -> None:
    name = make(server, "evo_needed", "id INTEGER NOT NULL, note VARCHAR", "(1, 'a')")
    assert "NOT NULL" in refused(operations, name, b"note,more\nb,c\n")
    assert schema(server, name) == {"id": "INTEGER", "note": "VARCHAR"}


def test_change_is_part_of_the_clients_transaction(server: Server) -> None:
    name = make(server, "evo_own", "id BIGINT", "(1)")
    for end, expected in (("rollback", {"id": "BIGINT"}), ("commit", {"id": "BIGINT", "more": "VARCHAR"})):
        with manual(server) as connection:
            with connection.cursor() as cursor:
                cursor.adbc_ingest(name, pa.table({"id": [2], "more": ["x"]}), mode="append")
            assert query(connection, f"SELECT more FROM {name} WHERE id = 2").to_pylist() == [{"more": "x"}]
            getattr(connection, end)()
        assert schema(server, name) == expected


def test_temporary_table_is_left_as_it_is(server: Server) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE evo_temp (id BIGINT)")
        with pytest.raises(Exception, match="more"):
            cursor.adbc_ingest("evo_temp", pa.table({"id": [2], "more": ["x"]}), mode="append", temporary=True)


def test_asking_server_applies_nothing_by_itself(data: Path) -> None:
    with Server(data, "--schema-evolution", "ask") as server, server.operations() as operations:
        make(server, "asked", "id INTEGER", "(1)")
        text = refusal(server, "asked", "stream", id=[1 << 40], more=["x"])
        assert "add more VARCHAR; widen id from INTEGER to BIGINT" in text
        assert schema(server, "asked") == {"id": "INTEGER"}
        [proposal] = proposals(server, "asked")
        operations.call("accept_migration", proposal_id=proposal["proposal_id"])
        send(server, "asked", "stream", id=[1 << 40], more=["x"])
        assert schema(server, "asked") == {"id": "BIGINT", "more": "VARCHAR"}
