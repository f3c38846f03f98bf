"""What an erasure looks for is found in no place afterwards, whatever names, keys and values a dataset has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("traces") / "data", "--erasure-grace-s", "0.2") as running:
        yield running


@pytest.fixture
def connection(own: Server) -> Iterator[dbapi.Connection]:
    """When it ends the datasets are dropped: some have the same keys."""
    opened = own.connect()
    yield opened
    for row in query(opened, "SELECT dataset, kind FROM catalog.datasets WHERE kind = 'table'").to_pylist():
        schema, _, table = row["dataset"].rpartition(".")
        query(opened, f"DROP TABLE {quoted(schema or 'main')}.{quoted(table)}")
    opened.close()


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def erased(connection: dbapi.Connection, name: str, column: str, keys: list[Any]) -> dict[str, tuple[str, str]]:
    """Tombstone and erase; surface → verdict and detail, of those that are not clean."""
    listed = ", ".join(str(key) if isinstance(key, int) else "'" + key.replace("'", "''") + "'" for key in keys)
    text = f"CALL tombstone(dataset := ?, key_column := ?, key_values := [{listed}])"
    query(connection, text, (name, column))
    return erase(connection, name)


def erase(connection: dbapi.Connection, name: str) -> dict[str, tuple[str, str]]:
    rows = query(connection, "CALL erase(dataset := ?)", (name,)).to_pylist()
    return {row["surface"]: (row["verdict"], row["detail"]) for row in rows if row["verdict"] != "clean"}


def left(data: Path, *markers: bytes) -> set[tuple[str, bytes]]:
    """Files that have a marker in their bytes, or a Parquet file in its values, with the marker."""
    found = set()
    for file in (path for path in data.rglob("*") if path.is_file()):
        held = file.read_bytes()
        if file.suffix == ".parquet":
            with duckdb.connect() as reader:
                held += str(reader.execute(f"SELECT t::VARCHAR FROM read_parquet('{file}') t").fetchall()).encode()
        found |= {(file.name, marker) for marker in markers if marker in held}
    return found


@pytest.mark.parametrize(
    ("schema", "table", "column"),
    [
        ("main", "We'ird 'näme", "E \"ma'il"),
        ("Odd Schéma", "UPPER", "KEY"),
        ("main", "sélect", "from"),
    ],
)
def test_odd_names_are_erased_like_others(
    own: Server, connection: dbapi.Connection, schema: str, table: str, column: str
) -> None:
    full, key = f"{quoted(schema)}.{quoted(table)}", quoted(column)
    query(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    query(connection, f'CREATE TABLE {full} ({key} VARCHAR, "näme\'s" VARCHAR, "a.b" STRUCT("c d" VARCHAR))')
    query(
        connection, f"INSERT INTO {full} VALUES ('odd marker key', 'odd marker text', {{'c d': 'odd marker inside'}})"
    )
    query(connection, f"INSERT INTO {full} VALUES ('stays', 'as it is', {{'c d': 'as well'}})")
    assert left(own.data, b"odd marker")
    name = table if schema == "main" else f"{schema}.{table}"
    assert erased(connection, name, column, ["odd marker key"]) == {}
    assert left(own.data, b"odd marker") == set()
    assert query(connection, f"SELECT {key} AS k FROM {full}")["k"].to_pylist() == ["stays"]


@pytest.mark.parametrize(
    ("kind", "key", "other"),
    [
        ("VARCHAR", 'quote \' and "quotes" \\ and é 😀', "stays there"),
        ("TINYINT", -128, 5),
        ("BIGINT", -9223372036854775808, 5),
        ("UINTEGER", 4294967295, 5),
        ("UUID", "C0FFEE00-dead-4bad-8bad-feedfacecafe", "00000000-0000-0000-0000-000000000001"),
        ("DATE", "1987-06-05", "2001-01-01"),
    ],
)
def test_keys_of_every_type_are_erased(connection: dbapi.Connection, kind: str, key: Any, other: Any) -> None:
    table = f"keyed_{kind.lower()}"
    query(connection, f"CREATE TABLE {table} (k {kind}, note VARCHAR)")
    shown, kept = (
        f"'{value}'".replace("' and", "'' and") if isinstance(value, str) else f"({value})" for value in (key, other)
    )
    query(connection, f"INSERT INTO {table} VALUES ({shown}, 'marker of this key'), ({kept}, 'stays')")
    assert erased(connection, table, "k", [key]) == {}
    assert query(connection, f"SELECT note FROM {table}")["note"].to_pylist() == ["stays"]


VALUES = {
    "a_text": ("VARCHAR", "'marker of é 😀 \\x41 \\u0041 and ''quotes'' \"both\"'", b"marker of \xc3\xa9"),
    "control": ("VARCHAR", "'marker' || chr(1) || chr(10) || '\\0 control'", b"\x01\n\\0 control"),
    "long_text": ("VARCHAR", "'long marker ' || repeat('x', 1000000)", b"long marker"),
    "a_tree": ("JSON", '\'{"k": ["marker in a tree", 12345678901]}\'', b"marker in a tree"),
    "a_blob": ("BLOB", "'blob marker\\x00\\xFF'", b"blob marker"),
    "tags": ("VARCHAR[]", "['marker in a list', NULL, '']", b"marker in a list"),
    "deep": ("STRUCT(a STRUCT(b VARCHAR[])[])", "{'a': [{'b': ['marker deep inside']}]}", b"marker deep inside"),
    "pairs": ("MAP(VARCHAR, VARCHAR)", "MAP {'marker as a key': 'marker as a value'}", b"marker as a"),
    "blobs": ("BLOB[]", "['marker blob in a list\\x00'::BLOB]", b"marker blob in a list"),
    "numbers": ("BIGINT[]", "[7766554433221]", (7766554433221).to_bytes(8, "little")),
    "moments": ("STRUCT(seen TIMESTAMP)", "{'seen': '1987-06-05 04:03:02'::TIMESTAMP}", b"1987-06-05 04:03:02"),
    "big": ("BIGINT", "8877665544332", (8877665544332).to_bytes(8, "little")),
    "huge": ("HUGEINT", "12345678", b"12345678.0"),
    "code": ("UUID", "'c0ffee00-dead-4bad-8bad-feedfacecafe'", bytes.fromhex("c0ffee00dead4bad8badfeedfacecafe")),
    "codes": ("UUID[]", "['c0ffee00-dead-4bad-8bad-feedfacecafd']", bytes.fromhex("c0ffee00dead4bad8badfeedfacecafd")),
    "span": ("INTERVAL", "INTERVAL '7 days 3 hours'", b"7 days 03:00:00"),
    "at": ("TIMETZ", "'11:22:33.456+00'", b"11:22:33.456"),
    "price": ("DECIMAL(18, 3)", "987654321.125", b"987654321.125"),
    "share": ("DOUBLE", "0.123456789012345", b"0.123456789012345"),
    "kind": ("VARCHAR", "'marked as an enum'::ENUM('marked as an enum', 'other')", b"marked as an enum"),
    "free": ("VARIANT", "{'k': 'marker in a variant'}::VARIANT", b"marker in a variant"),
    "nothing": ("INTEGER", "NULL", b"marker of nothing"),
}


def make_everything(connection: dbapi.Connection, name: str) -> None:
    """A row with every marker, one with NULLs, and one with other values."""
    columns = ", ".join(f"{quoted(column)} {kind}" for column, (kind, _, _) in VALUES.items())
    query(connection, f"CREATE TABLE {name} (who VARCHAR, {columns})")
    for who in ("marker of a key", "second marker of a key"):
        query(connection, f"INSERT INTO {name} VALUES ('{who}', {', '.join(value for _, value, _ in VALUES.values())})")
    query(connection, f"INSERT INTO {name} (who) VALUES ('nobody'), ('third marker of a key')")


ERASED_KEYS = ["marker of a key", "second marker of a key", "third marker of a key"]
MARKERS = (b"marker of a key", *(marker for _, _, marker in VALUES.values()))


def test_values_of_every_type_are_erased(own: Server, connection: dbapi.Connection) -> None:
    make_everything(connection, "everything")
    before = {marker for _, marker in left(own.data, *MARKERS)}
    assert set(MARKERS) - before == {b"marker of nothing"}
    assert erased(connection, "everything", "who", ERASED_KEYS) == {}
    assert left(own.data, *MARKERS) == set()
    assert query(connection, "SELECT who FROM everything")["who"].to_pylist() == ["nobody"]


def test_columns_may_change_between_tombstone_and_erasure(own: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE changing (who VARCHAR, town VARCHAR, size INTEGER, tags VARCHAR[], gone VARCHAR)")
    query(
        connection,
        "INSERT INTO changing VALUES ('marker of a changed key', 'shared town', 12345678, ['marker in a tag'], 'marker "
        "that is dropped'), ('nobody', 'shared town', 5, ['shared tag'], 'something else')",
    )
    query(
        connection,
        "CALL tombstone(dataset := 'changing', key_column := 'who', key_values := ['marker of a changed key'])",
    )
    for change in (
        "ADD COLUMN added VARCHAR DEFAULT 'a default of the column'",
        "RENAME COLUMN town TO place",
        "ALTER COLUMN size SET DATA TYPE BIGINT",
        "DROP COLUMN gone",
        "DROP COLUMN tags",
    ):
        query(connection, f"ALTER TABLE changing {change}")
    assert erase(connection, "changing") == {}
    markers = (b"marker of a changed", b"marker in a tag", b"marker that is dropped", (12345678).to_bytes(4, "little"))
    assert left(own.data, *markers) == set()
    assert query(connection, "SELECT place, added FROM changing").to_pylist() == [
        {"place": "shared town", "added": "a default of the column"}
    ]


def test_a_dataset_of_which_every_row_is_erased_stays_empty(own: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE emptied AS SELECT 'marker of many ' || i AS who, 'same' AS n FROM range(3000) r(i)")
    keys = [f"marker of many {number}" for number in range(3000)]
    assert erased(connection, "emptied", "who", keys) == {}
    assert left(own.data, b"marker of many") == set()
    query(connection, "INSERT INTO emptied VALUES ('new one', 'same'), ('marker of many 7', 'same')")
    assert query(connection, "SELECT who FROM emptied WHERE n = 'same'")["who"].to_pylist() == ["new one"]


def test_what_live_rows_have_as_well_is_no_trace(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE shared (who VARCHAR, town VARCHAR, n INTEGER, born DATE, seen TIMESTAMP)")
    query(
        connection,
        "INSERT INTO shared VALUES ('marker who goes', 'town of both', 7, '1987-06-05', '1987-06-05 10:00:00'), "
        "('marker who stays', 'town of both', 8, '1999-01-01', '1987-06-05 11:00:00'), "
        "('7', 'Hamburg 12', 9, NULL, NULL), "
        "('marker that goes', 'Hamburg 1', 7, '1987-06-05', NULL)",
    )
    assert erased(connection, "shared", "who", ["marker who goes", "marker that goes"]) == {}
    assert query(connection, "SELECT count(*) AS n FROM shared")["n"].to_pylist() == [2]


def test_values_that_are_too_short_to_look_for_are_told(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE shortened (who VARCHAR, town VARCHAR, n INTEGER)")
    query(connection, "INSERT INTO shortened VALUES ('abc', 'Rome', 7), ('def', 'Oslo', 9)")
    assert erased(connection, "shortened", "who", ["abc"]) == {}
    details = query(connection, "SELECT surface, detail FROM catalog.erasures WHERE dataset = 'shortened'").to_pylist()
    told = {row["surface"] for row in details if "3 values of less than 8 bytes" in row["detail"]}
    assert {"control tables", "journal", "append log", "catalog", "import folder"} <= told
    assert "dataset" not in told, "there they are compared as values"
