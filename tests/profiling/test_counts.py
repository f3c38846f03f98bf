"""What a profile says of columns is what the rows say."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import query
from tests.profiling.profiles import bins, in_bins, profile, top


def test_numbers_are_counted_with_bounds_mean_and_histogram(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_numbers AS SELECT i, i % 7 AS seven, if(i % 4 = 0, NULL, i / 10) AS x, "
        "(i % 100 / 4)::DECIMAL(9, 2) AS d FROM range(10000) t(i)",
    )
    found = profile(connection, "profiled_numbers")
    assert {row["row_count"] for row in found.values()} == {10_000}
    assert [found[name]["null_count"] for name in ("i", "seven", "x", "d")] == [0, 0, 2500, 0]
    assert [found[name]["distinct_count"] for name in ("i", "seven", "x", "d")] == [10_000, 7, 7500, 100]
    assert (found["i"]["minimum"], found["i"]["maximum"], found["i"]["mean"]) == ("0", "9999", 4999.5)
    assert (found["x"]["minimum"], found["x"]["maximum"]) == ("0.1", "999.9")
    assert found["d"]["mean"] == pytest.approx(12.375)
    assert [in_bins(row) for row in found.values()] == [10_000, 10_000, 7500, 10_000]
    assert len(found["i"]["histogram"]) == 20
    assert top(found["seven"])[:2] == [("0", 1429), ("1", 1429)]


@pytest.mark.parametrize("column", ["i", "x", "d", "at", "day", "zoned", "hour"])
def test_each_bin_holds_what_lies_between_its_bounds(connection: dbapi.Connection, column: str) -> None:
    query(
        connection,
        "CREATE TABLE IF NOT EXISTS profiled_bins AS SELECT (hash(i) % 1000)::INTEGER - 500 AS i, "
        "(hash(i, 1) % 77777) / 7 AS x, ((hash(i, 2) % 9999) / 100)::DECIMAL(6, 2) AS d, "
        "TIMESTAMP '1969-12-01' + to_milliseconds((hash(i, 3) % 10000000000)::BIGINT) AS at, "
        "DATE '1969-12-01' + (hash(i, 4) % 90)::INTEGER AS day, "
        "TIMESTAMPTZ '2026-01-01 00:00:00+02' + to_seconds(hash(i, 5) % 100000) AS zoned, "
        "TIME '00:00:00' + to_seconds(hash(i, 6) % 86400) AS hour FROM range(5000) t(i)",
    )
    row = profile(connection, "profiled_bins")[column]
    assert len(row["histogram"]) > 10
    assert (row["histogram"][0]["lower"], row["histogram"][-1]["upper"]) == (row["minimum"], row["maximum"])
    kind = query(connection, f'SELECT typeof("{column}") AS t FROM profiled_bins LIMIT 1')["t"][0].as_py()
    compared = "DOUBLE" if kind.startswith("DECIMAL") else kind
    for number, (lower, upper, count) in enumerate(bins(row)):
        value = f'"{column}"::{compared}'
        above = f"{value} {'>' if number else '>='} '{lower}'::{compared}"
        text = f"SELECT count(*) AS n FROM profiled_bins WHERE {above} AND {value} <= '{upper}'::{compared}"
        assert query(connection, text)["n"][0].as_py() == count, (lower, upper)


def test_values_that_are_gone_leave_no_mark_on_the_counts(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_outlier AS SELECT unnest(range(1000) || [1000000, -5]) AS i")
    query(connection, "DELETE FROM profiled_outlier WHERE i > 1000 OR i < 0")
    row = profile(connection, "profiled_outlier")["i"]
    assert (row["row_count"], row["minimum"], row["maximum"]) == (1000, "0", "999")
    assert bins(row) == [("0", "999", 1000)]


def test_nan_and_infinities_are_counted_apart(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_nan AS SELECT unnest(['1.5', '2.5', 'nan', 'inf', '-inf', NULL])::DOUBLE AS x, "
        "unnest(['2026-01-01', 'infinity', '-infinity', NULL, '2026-03-01', '2026-02-01'])::DATE AS d",
    )
    found = profile(connection, "profiled_nan")
    assert [(row["null_count"], row["non_finite_count"]) for row in found.values()] == [(1, 3), (1, 2)]
    assert (found["x"]["minimum"], found["x"]["maximum"], found["x"]["mean"]) == ("1.5", "2.5", 2.0)
    assert (found["d"]["minimum"], found["d"]["maximum"]) == ("2026-01-01", "2026-03-01")
    assert [in_bins(row) for row in found.values()] == [2, 3]
    assert len(found["x"]["histogram"]) > 1
    query(connection, "CREATE TABLE profiled_only_nan AS SELECT 'nan'::FLOAT AS x FROM range(3)")
    row = profile(connection, "profiled_only_nan")["x"]
    assert (row["minimum"], row["mean"], row["histogram"], row["non_finite_count"]) == (None, None, [], 3)


def test_extreme_numbers_do_not_end_a_profile(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_extremes AS SELECT unnest([1.7e308, -1.7e308, 1.6e308])::DOUBLE AS x, "
        "unnest([9223372036854775807, -9223372036854775808, 0])::BIGINT AS i, "
        "unnest([18446744073709551615, 0, 1])::UBIGINT AS u, "
        "unnest(['99999999999999999999999999999999999999', '-1', '0'])::DECIMAL(38, 0) AS d, "
        "unnest(['5877642-06-25 (BC)', '5881580-07-10', '2026-01-01'])::DATE AS day",
    )
    found = profile(connection, "profiled_extremes")
    assert {name: row["row_count"] for name, row in found.items()} == dict.fromkeys(("x", "i", "u", "d", "day"), 3)
    for name in ("x", "i", "u", "d", "day"):
        assert (found[name]["distinct_count"], in_bins(found[name])) == (3, 3), name
    assert (found["i"]["minimum"], found["i"]["maximum"]) == ("-9223372036854775808", "9223372036854775807")


def test_column_that_no_reader_can_read_leaves_the_others(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_unreadable (a INTEGER, h HUGEINT, b INTEGER)")
    query(connection, "INSERT INTO profiled_unreadable VALUES (1, 170141183460469231731687303715884105727, 2)")
    found = profile(connection, "profiled_unreadable")
    assert [found[name]["maximum"] for name in ("a", "b")] == ["1", "2"]
    assert "h" not in found or found["h"]["minimum"] is None
    (job,) = query(connection, "FROM catalog.jobs WHERE subject = 'profiled_unreadable'").to_pylist()
    assert job["status"] == "succeeded"


def test_long_texts_are_cut_and_still_measured(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_texts AS SELECT repeat('ä', 1000 * (1 + i % 3)) AS t, 'x' || i % 3 AS s, "
        "repeat('b', 10 * i)::BLOB AS b FROM range(9) r(i)",
    )
    found = profile(connection, "profiled_texts")
    text = found["t"]
    assert (text["length_min"], text["length_mean"], text["length_max"]) == (1000, 2000.0, 3000)
    assert (text["minimum"], text["maximum"]) == ("ä" * 200, "ä" * 200)
    assert top(text) == [("ä" * 200, 9)]
    assert top(found["s"]) == [("x0", 3), ("x1", 3), ("x2", 3)]
    blob = found["b"]
    assert (blob["length_min"], blob["length_max"], blob["minimum"], blob["top_values"]) == (0, 80, None, None)


def test_without_values_nothing_but_null_is_told(connection: dbapi.Connection) -> None:
    columns = "a INTEGER, t VARCHAR, d DATE, l INTEGER[], s STRUCT(x INTEGER, y VARCHAR)"
    query(connection, f"CREATE TABLE profiled_empty ({columns})")
    for rows in (0, 3):
        found = profile(connection, "profiled_empty")
        assert list(found) == ["a", "t", "d", "l", "s", "s.x", "s.y"]
        assert {(row["row_count"], row["null_count"]) for row in found.values()} == {(rows, rows)}
        assert {row["distinct_count"] for row in found.values()} == {0, None}
        assert {row["minimum"] for row in found.values()} == {None}
        assert (found["a"]["top_values"], found["a"]["histogram"], found["t"]["length_mean"]) == ([], [], None)
        query(connection, "INSERT INTO profiled_empty SELECT NULL, NULL, NULL, NULL, NULL FROM range(3)")


def test_members_of_structs_are_columns_and_lists_are_wholes(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_nested AS SELECT "
        "if(i = 0, NULL, {'a b': {'it''s': i, 'n': NULL::INTEGER}, 'l': [i]}) AS s, "
        "range(i) AS l, map([i], ['x']) AS m FROM range(5) t(i)",
    )
    found = profile(connection, "profiled_nested")
    assert list(found) == ["s", "s.a b", "s.a b.it's", "s.a b.n", "s.l", "l", "m"]
    assert [row["null_count"] for row in found.values()] == [1, 1, 1, 5, 1, 0, 0]
    member = found["s.a b.it's"]
    assert (member["minimum"], member["maximum"], member["distinct_count"]) == ("1", "4", 4)
    assert (found["l"]["length_min"], found["l"]["length_mean"], found["l"]["length_max"]) == (0, 2.0, 4)
    assert found["m"]["length_max"] == 1
    assert {found[name]["top_values"] is None for name in ("s", "l", "m")} == {True}


SCALARS = [
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    *("UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(4,1)", "DECIMAL(30,5)", "VARCHAR", "JSON", "UUID", "BLOB", "DATE"),
    *("TIME", "TIMETZ", "INTERVAL", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ"),
]
WORDS = {
    "BOOLEAN": ("true", "false"),
    "JSON": ('{"a":1}', "[]"),
    "VARCHAR": ("one", "two"),
    "UUID": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    "DATE": ("2026-01-01", "2026-02-01"),
    "TIME": ("01:02:03", "23:59:59.999999"),
    "TIMETZ": ("01:02:03+00", "04:05:06+00"),
    "INTERVAL": ("1 day", "2 days"),
}
MOMENTS = ("2026-01-01 00:00:00", "2026-02-01 12:00:00")


@pytest.mark.parametrize("kind", SCALARS)
def test_every_scalar_type_has_a_profile(connection: dbapi.Connection, kind: str) -> None:
    name = "profiled_" + "".join(letter if letter.isalnum() else "_" for letter in kind).lower()
    first, second = WORDS.get(kind, MOMENTS if kind.startswith("TIMESTAMP") else ("1", "2"))
    values = f"('{first}'::{kind}), ('{first}'::{kind}), ('{second}'::{kind}), (NULL::{kind})"
    query(connection, f"CREATE TABLE {name} AS SELECT * FROM (VALUES {values}) t(v)")
    row = profile(connection, name)["v"]
    assert (row["row_count"], row["null_count"], row["distinct_count"]) == (4, 1, 2)
    if kind != "BLOB":
        assert [count for _, count in top(row)] == [2, 1]
        texts = query(connection, f"SELECT DISTINCT v::VARCHAR AS v FROM {name} WHERE v IS NOT NULL")["v"].to_pylist()
        assert {value for value, _ in top(row)} == set(texts)
        if kind != "JSON":
            assert {row["minimum"], row["maximum"]} == set(texts)
    if row["histogram"] is not None:
        assert in_bins(row) == 3


@pytest.mark.parametrize("kind", ["GEOMETRY", "VARIANT"])
def test_of_other_types_nulls_are_counted(connection: dbapi.Connection, kind: str) -> None:
    name = f"profiled_{kind.lower()}"
    query(connection, f"CREATE TABLE {name} (v {kind}, i INTEGER)")
    query(connection, f"INSERT INTO {name} VALUES (NULL, 1)")
    found = profile(connection, name)
    assert (found["v"]["null_count"], found["v"]["distinct_count"], found["i"]["maximum"]) == (1, None, "1")


def test_top_values_of_many_rows_are_estimated_from_a_sample(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_sample AS SELECT i, if(i < 50000, 'half', 'x' || i % 5) AS v FROM range(100000) t(i)",
    )
    found = profile(connection, "profiled_sample")
    row = found["v"]
    assert 15_000 < row["sampled_rows"] < 25_000
    (value, count), *others = top(row)
    assert (value, len(others)) == ("half", 5)
    assert count == pytest.approx(50_000, rel=0.1)
    assert [each for _, each in others] == pytest.approx([10_000] * 5, rel=0.2)
    assert top(found["i"]) == []
    assert found["i"]["distinct_count"] == pytest.approx(100_000, rel=0.5)
    assert row["distinct_count"] == 6
    assert profile(connection, "profiled_sample")["v"]["top_values"] == row["top_values"]


def test_two_thousand_columns_are_profiled(connection: dbapi.Connection) -> None:
    listed = ", ".join(f"i + {number} AS c{number}" for number in range(2000))
    query(connection, f"CREATE TABLE profiled_wide AS SELECT {listed} FROM range(100) t(i)")
    (told,) = query(connection, "CALL profile_columns(dataset := 'profiled_wide')").to_pylist()
    assert (told["row_count"], told["column_count"]) == (100, 2000)
    found = query(
        connection, "SELECT column_name, minimum FROM catalog.column_profiles WHERE dataset = 'profiled_wide'"
    ).to_pylist()
    assert found == [{"column_name": f"c{number}", "minimum": str(number)} for number in range(2000)]


def test_columns_may_be_called_as_the_profile_calls_its_own(connection: dbapi.Connection) -> None:
    names = ("rowid", "chosen", "c0", "c1", "row_count", "snapshot_id", 'odd "name', "f")
    listed = ", ".join(f'{number} AS "{name.replace(chr(34), chr(34) * 2)}"' for number, name in enumerate(names))
    query(connection, f"CREATE TABLE profiled_names AS SELECT {listed} FROM range(30000)")
    found = profile(connection, "profiled_names")
    assert {name: row["minimum"] for name, row in found.items()} == {name: str(n) for n, name in enumerate(names)}
