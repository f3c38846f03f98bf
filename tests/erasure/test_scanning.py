"""Columns and Parquet files are looked through decoded, whatever their types and encodings are."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from server.engine.context import Context
from server.engine.cursor import LakeCursor
from server.engine.open_transactions import OpenTransactions
from server.engine.quiet import Quiet
from server.engine.schema_gate import SchemaGate
from server.errors import SqlError, Unavailable
from server.scanning.columns import BATCH_ROWS, parquet_relation, scan_parquet, scan_text_columns, scan_values
from server.scanning.files import scan_file
from server.scanning.needles import Needles

MARK = "Marker of Ann, 7f3a"
MARKED = Needles.of(["never there", MARK])
FOUND = {1}


@pytest.fixture
def cursor() -> Iterator[LakeCursor]:
    opened = LakeCursor(
        duckdb.connect(), Context("tests"), lambda: None, Quiet(), SchemaGate(), OpenTransactions(), schema=None
    )
    yield opened
    opened.close()


SHOWN = {
    "VARCHAR": "$mark",
    "BLOB": "encode('é' || $mark)",
    "JSON": "to_json({'note': $mark})",
    "ENUM": f"'{MARK}'::ENUM('x', '{MARK}')",
    "LIST": "['x', NULL, $mark]",
    "ARRAY": "['x', $mark]::VARCHAR[2]",
    "STRUCT": "{'a': 1, 'b': {'c': [$mark]}}",
    "keys of a MAP": "MAP {'x': 1, $mark: 2}",
    "values of a MAP": "MAP {'x': [encode('é'), encode($mark)]}",
    "UNION": "union_value(k := $mark)",
    "VARIANT": "{'a': [$mark]}::VARIANT",
}


@pytest.mark.parametrize("value", SHOWN.values(), ids=SHOWN.keys())
def test_every_type_that_may_hold_a_text_is_looked_through(value: str, cursor: LakeCursor) -> None:
    cursor.execute(f'CREATE TABLE t AS SELECT 1 AS id, {value} AS "the column"'.replace("$mark", f"'{MARK}'"))
    cursor.execute("INSERT INTO t (id) SELECT i FROM range(5000) r(i)")
    assert scan_text_columns(cursor, "t", MARKED) == (5001, FOUND, ("the column",))
    cursor.execute('DELETE FROM t WHERE id = 1 AND "the column" IS NOT NULL')
    assert scan_text_columns(cursor, "t", MARKED) == (5000, set(), ())


@pytest.mark.parametrize("text", ['it\'s "here" \\ now', "tab\tand\x01end", "á la carte"])
def test_texts_that_need_escapes_are_found_in_nested_values(text: str, cursor: LakeCursor) -> None:
    first = "[$text] AS a, {'k': $text} AS b, union_value(k := $text) AS c, [encode($text)] AS d"
    values = f"{first}, {{'k': [$text]}}::VARIANT AS e, to_json($text) AS f"
    cursor.execute(f"CREATE TABLE t AS SELECT {values}", {"text": text})
    assert scan_text_columns(cursor, "t", Needles.of([text])).columns == tuple("abcdef")


def test_uuids_and_numbers_inside_nested_values_are_found_by_their_texts(cursor: LakeCursor) -> None:
    number = uuid.uuid4()
    cursor.execute(
        f"CREATE TABLE t AS SELECT '{number}'::UUID AS u, ['{number}'::UUID] AS l, {{'k': 12345678901}} AS s"
    )
    needles = Needles.of([str(number), "12345678901"])
    assert scan_text_columns(cursor, "t", needles) == (1, {0, 1}, ("u", "l", "s"))


def test_neighbouring_values_make_no_match_together(cursor: LakeCursor) -> None:
    cursor.execute(
        "CREATE TABLE t AS SELECT unnest(['Marker of', ' Ann, 7f3a', '', 'x']) AS a, ['Marker', ' of Ann'] AS l"
    )
    assert scan_text_columns(cursor, "t", Needles.of([MARK, "Marker of Ann"])) == (4, set(), ())


def test_each_text_is_found_in_whatever_batch_it_comes(cursor: LakeCursor) -> None:
    cursor.execute(
        "CREATE TABLE t AS SELECT i, 'person ' || i || '.' AS a, 'note ' || -i || ',' AS b FROM range(10000) r(i)"
    )
    sought = [0, 1, BATCH_ROWS - 1, BATCH_ROWS, 5000, 9999]
    needles = Needles.of([*(f"person {number}." for number in sought), "person 10000.", "note -777,"])
    assert scan_text_columns(cursor, "(SELECT * FROM t)", needles) == (10_000, {0, 1, 2, 3, 4, 5, 7}, ("a", "b"))


def test_a_relation_without_texts_has_its_rows_counted(cursor: LakeCursor) -> None:
    relation = "(SELECT i, DATE '2026-01-01' AS d, 1.5 AS n FROM range(7) r(i))"
    assert scan_text_columns(cursor, relation, MARKED) == (7, set(), ())


def test_a_relation_that_is_not_there_or_fails_half_way_is_an_error(cursor: LakeCursor) -> None:
    failing = "(SELECT CASE WHEN i = 9000 THEN error('half way') ELSE 'x' END AS a FROM range(10000) r(i))"
    for relation in ("nowhere", failing):
        with pytest.raises(SqlError):
            scan_text_columns(cursor, relation, MARKED)
    assert cursor.rows("SELECT 1") == [(1,)]


def many_rows(path: Path, **options: Any) -> None:
    """A Parquet file in which the mark is neither the least value nor the greatest, and made of what others have."""
    parts = ["Marker of Bob", "A note of Ann, 7", "Z, 7f3a"]
    notes = [f"{parts[number % 3]} {number % 1000}" for number in range(20_000)]
    notes[7_000] = MARK
    pq.write_table(pa.table({"id": range(len(notes)), "note": notes}), path, **options)


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_value_that_compression_hides_from_a_byte_scan_is_found_decoded(
    dictionary: bool, cursor: LakeCursor, tmp_path: Path
) -> None:
    path, clean = tmp_path / "a[1]*.parquet", tmp_path / "clean.parquet"
    many_rows(path, compression="zstd", use_dictionary=dictionary)
    pq.write_table(pa.table({"note": ["clean"]}), clean)
    assert scan_file(path, MARKED) == set()
    assert scan_parquet(cursor, [str(path), str(clean)], MARKED) == (20_001, {str(path): FOUND})


def test_files_that_duckdb_writes_are_decoded_too(cursor: LakeCursor, tmp_path: Path) -> None:
    note = f"CASE WHEN i = 7000 THEN '{MARK}' ELSE 'M' || i % 900 END"
    rows = f"SELECT i, {note} AS note, [note] AS l FROM range(20000) r(i)"
    for name, options in {"v1": "COMPRESSION zstd", "v2": "COMPRESSION zstd, PARQUET_VERSION v2"}.items():
        path = str(tmp_path / f"{name}.parquet")
        cursor.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet, {options})")
        assert scan_parquet(cursor, [path], MARKED) == (20_000, {path: FOUND})


def test_bounds_in_a_footer_are_found_as_bytes_though_no_row_has_them(tmp_path: Path, cursor: LakeCursor) -> None:
    path = tmp_path / "bounds.parquet"
    number = 9_007_199_254_740_993
    notes, numbers = ["A note", "B note", MARK], [1, 2, number]
    pq.write_table(pa.table({"note": notes, "number": numbers}), path, compression="zstd")
    written = path.read_bytes()
    footer_bytes = int.from_bytes(written[-8:-4], "little") + 8
    footer_only = tmp_path / "footer"
    footer_only.write_bytes(b"PAR1" + written[-footer_bytes:])
    assert scan_file(footer_only, Needles.of([MARK, str(number), "B note..."])) == {0, 1}


def test_files_whose_schemas_differ_are_each_looked_through(cursor: LakeCursor, tmp_path: Path) -> None:
    old, new = str(tmp_path / "old.parquet"), str(tmp_path / "new.parquet")
    pq.write_table(pa.table({"gone": [MARK], "both": [1]}), old)
    pq.write_table(pa.table({"both": ["x"], "added": [[MARK]]}), new)
    assert scan_parquet(cursor, [old, new], MARKED) == (2, {old: FOUND, new: FOUND})
    assert scan_text_columns(cursor, parquet_relation([old, new]), MARKED) == (2, FOUND, ("gone", "added"))


def test_a_parquet_file_that_is_gone_or_damaged_is_an_error(cursor: LakeCursor, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.parquet"
    many_rows(damaged)
    held = damaged.read_bytes()
    for path, content in ((damaged, held[: len(held) // 2]), (tmp_path / "gone.parquet", None)):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises((Unavailable, SqlError)):
            scan_parquet(cursor, [str(path)], MARKED)


VALUES = {
    "INTEGER": (["7", "8", "x", "9", ""], "(7), (9), (9), (NULL)", 2),
    "UBIGINT": (["18446744073709551615", "-1"], "(18446744073709551615)", 1),
    "HUGEINT": (["170141183460469231731687303715884105727", "5"], "(170141183460469231731687303715884105727)", 1),
    "DECIMAL(18, 3)": (["1.5", "1.500", "2.5"], "(1.5)", 2),
    "DOUBLE": (["nan", "0.1", "inf"], "('nan'), (0.1)", 2),
    "DATE": (["1990-02-03", "1990-02-04", "1990-02-30"], "('1990-02-03')", 1),
    "TIMESTAMP": (["1990-02-03 04:05:06.7", "1990-02-03"], "('1990-02-03 04:05:06.7')", 1),
    "BOOLEAN": (["true", "false"], "(true)", 1),
    "VARCHAR": (["Ann", "ann", "7"], "('Ann'), ('07')", 1),
    "UUID": (["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"], "('6BA7B810-9DAD-11D1-80B4-00C04FD430C8')", 1),
    "ENUM('a', 'b')": (["a", "b", "c"], "('b')", 1),
}


@pytest.mark.parametrize(("kind", "case"), VALUES.items(), ids=VALUES.keys())
def test_values_are_compared_as_the_columns_type_has_them(
    kind: str, case: tuple[list[str], str, int], cursor: LakeCursor
) -> None:
    texts, rows, expected = case
    cursor.execute(f'CREATE TABLE t ("a column" {kind})')
    cursor.execute(f"INSERT INTO t VALUES {rows}")
    assert scan_values(cursor, "t", "a column", [*texts, *texts]) == expected
    assert scan_values(cursor, "t", "A COLUMN", []) == 0


def test_values_in_parquet_files_are_compared_too(cursor: LakeCursor, tmp_path: Path) -> None:
    path = str(tmp_path / "numbers.parquet")
    pq.write_table(pa.table({"n": np.arange(1000) * 7}), path)
    assert scan_values(cursor, parquet_relation([path]), "n", ["7", "8", "6993"]) == 2


def test_a_column_that_is_not_there_is_an_error_and_leaves_nothing_behind(cursor: LakeCursor) -> None:
    cursor.execute("CREATE TABLE t (a INTEGER)")
    for column in ("b", 'a" FROM t --'):
        with pytest.raises(SqlError):
            scan_values(cursor, "t", column, ["1"])
    scan_values(cursor, "t", "a", ["1"])
    assert cursor.rows("SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'looked_for%'") == [(0,)]
