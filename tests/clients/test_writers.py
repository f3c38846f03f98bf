"""csv, json, ndjson and parquet: what they say and that they stream."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from clients.cli.writers import WRITERS, whole_file

MIXED = pa.table(
    {
        "n": pa.array([1, None], pa.int64()),
        "word": ["", None],
        "price": [Decimal("1.50"), None],
        "at": pa.array([datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "day": [date(2025, 1, 2), None],
        "raw": [b"\xff\x00", None],
        "tags": [["a", "b"], None],
        "score": [float("nan"), None],
        "wait": [timedelta(hours=26), None],
        "span": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        "fine": pa.array([1, None], pa.timestamp("ns")),
        "kind": pa.array(["x", None]).dictionary_encode(),
    }
)


def written(form: str, table: pa.Table) -> bytes:
    sink = io.BytesIO()
    WRITERS[form](table.to_reader(), sink)
    return sink.getvalue()


def test_json_and_ndjson_say_every_type_in_valid_json() -> None:
    first, second = json.loads(written("json", MIXED), parse_constant=pytest.fail)
    assert first == {
        "n": 1,
        "word": "",
        "price": "1.50",
        "at": "2025-01-02T03:04:05+00:00",
        "day": "2025-01-02",
        "raw": "/wA=",
        "tags": ["a", "b"],
        "score": "nan",
        "wait": "1 day, 2:00:00",
        "span": {"months": 1, "days": 2, "nanoseconds": 3},
        "fine": "1970-01-01 00:00:00.000000001",
        "kind": "x",
    }
    assert set(second.values()) == {None}
    assert [json.loads(line) for line in written("ndjson", MIXED).splitlines()] == [first, second]


def test_empty_result_is_an_empty_json_array() -> None:
    assert json.loads(written("json", MIXED.slice(0, 0))) == []


def test_repeated_column_names_all_reach_json() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert json.loads(written("ndjson", table)) == {"a": 1, "a_2": 2}


def test_csv_tells_null_from_empty_text_and_keeps_nested_values() -> None:
    text = written("csv", MIXED).decode()
    header, first, second = csv.reader(io.StringIO(text))
    assert header == MIXED.column_names
    assert dict(zip(header, first, strict=True))["tags"] == '["a", "b"]'
    assert text.splitlines()[1].startswith('1,"",1.50,')
    assert text.splitlines()[2] == "," * (MIXED.num_columns - 1)
    assert set(second) == {""}


def test_parquet_holds_the_same_table() -> None:
    table = MIXED.drop_columns(["span", "score"])  # Parquet has no such interval; NaN equals nothing
    assert parquet.read_table(io.BytesIO(written("parquet", table))).equals(table)


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_each_batch_is_written_before_the_next_is_read(form: str) -> None:
    """Parquet and csv may buffer one batch, so the third read proves that the first has gone out."""
    sink = io.BytesIO()
    schema = pa.schema([("n", pa.int64())])
    sizes: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for _ in range(3):
            sizes.append(len(sink.getvalue()))
            yield pa.record_batch([pa.array(range(10_000), pa.int64())], schema=schema)

    WRITERS[form](pa.RecordBatchReader.from_batches(schema, batches()), sink)
    assert sizes[2] - sizes[1] > 10_000


def test_broken_stream_leaves_no_file_behind(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"n": pa.array([1], pa.int64())})
        raise OSError("gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), broken())
    with pytest.raises(OSError, match="gone"), whole_file(target) as sink:
        WRITERS["csv"](reader, sink)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "old"
