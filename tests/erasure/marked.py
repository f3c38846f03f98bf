"""A dataset with values that occur nowhere else, in every place where a value can get to, and the search for them."""

from pathlib import Path
from typing import Any

import duckdb
from adbc_driver_manager import dbapi

from tests.harness import query

KEYS = ("zz-last-marker@example.org", "aa-first-marker@example.org")  # the largest and the smallest
MARKERS = (
    *KEYS,
    "Quixotic marmalade in the belfry",  # a note that is indexed
    "Old marker before the update",
    "c0ffee00-dead-4bad-8bad-feedfacecafe",
    "nested marker in a list",
    "nested marker in a struct",
    "blob marker as bytes",
    "987654321098765",
    "11122233344",  # smallest
)
ROWS = 5000


def make_marked(connection: dbapi.Connection, name: str) -> None:
    """ROWS rows without markers, and two of KEYS with them; journalled."""
    query(
        connection,
        f"CREATE TABLE {name} AS SELECT 'm' || i || '@example.org' AS email, 'note ' || i AS note, gen_random_uuid() "
        "AS code, 500000000000 + i AS amount, ['tag ' || i] AS tags, {'a': 'inner ' || i} AS inner_text, "
        f"encode('bytes ' || i) AS raw, (i % 97)::DECIMAL(9, 2) AS price FROM range({ROWS}) r(i)",
    )
    query(connection, f"CALL set_journal(dataset := '{name}', enabled := true, entity_column := 'email')")
    last, first = KEYS
    query(
        connection,
        f"INSERT INTO {name} VALUES ('{last}', 'Old marker before the update', '{MARKERS[4]}', {MARKERS[8]}, "
        f"['{MARKERS[5]}'], {{'a': '{MARKERS[6]}'}}, encode('{MARKERS[7]}'), 1), ('{first}', 'Second', NULL, "
        f"{MARKERS[9]}, NULL, NULL, NULL, 2)",
    )
    query(connection, f"UPDATE {name} SET note = '{MARKERS[2]}' WHERE email = '{last}'")


def call_with_keys(connection: dbapi.Connection, name: str) -> None:
    listed = ", ".join(f"'{key}'" for key in KEYS)
    query(connection, f"CALL tombstone(dataset := '{name}', key_column := 'email', key_values := [{listed}])")


def in_bytes(data: Path) -> dict[str, list[str]]:
    """Marker → names of files that show it in their bytes."""
    found: dict[str, list[str]] = {}
    for file in sorted(path for path in data.rglob("*") if path.is_file()):
        held = file.read_bytes()
        for marker in MARKERS:
            if marker.encode() in held or (marker.isdigit() and int(marker).to_bytes(8, "little") in held):
                found.setdefault(marker, []).append(file.name)
    return found


def decoded(data: Path) -> dict[str, list[str]]:
    """The same for the values in Parquet files and in a copy of the catalog file."""
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        relations = [f"read_parquet('{file}')" for file in (data / "lake").rglob("*.parquet")]
        connection.execute(f"ATTACH '{data / 'catalog' / 'lake.ducklake'}' AS kept (READ_ONLY)")
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'kept'").fetchall()
        relations += [f"kept.main.{table}" for (table,) in tables]
        for relation in relations:
            for marker in MARKERS:
                text = f"SELECT count(*) FROM {relation} t WHERE contains(t::VARCHAR, ?)"
                if connection.execute(text, [marker]).fetchall()[0][0]:
                    found.setdefault(marker, []).append(relation)
    return found


def readable(connection: dbapi.Connection, text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query(connection, text).to_pylist()
    return rows
