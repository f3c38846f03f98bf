"""Results as csv, json, ndjson or parquet, batch by batch: no writer holds more than one batch."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pyarrow import csv, parquet

from clients.cli.values import json_value, rows

Writer = Callable[[pa.RecordBatchReader, IO[bytes]], None]
# Rows turned into Python objects at a time.
SLICE_ROWS = 1_000


def write_csv(reader: pa.RecordBatchReader, sink: IO[bytes]) -> None:
    """A header, then rows: text in quotes, NULL empty without quotes, nested and binary values as JSON text."""
    as_json = [_needs_json(field.type) for field in reader.schema]
    schema = pa.schema(
        [
            pa.field(field.name, pa.string()) if convert else field
            for field, convert in zip(reader.schema, as_json, strict=True)
        ]
    )
    with csv.CSVWriter(sink, schema) as writer:
        for batch in reader:
            columns = [
                _json_column(column) if convert else column
                for column, convert in zip(batch.columns, as_json, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def write_ndjson(reader: pa.RecordBatchReader, sink: IO[bytes]) -> None:
    """One JSON object a line."""
    for row in _json_rows(reader):
        sink.write(row + b"\n")


def write_json(reader: pa.RecordBatchReader, sink: IO[bytes]) -> None:
    """One JSON array of objects."""
    opening = b"["
    for row in _json_rows(reader):
        sink.write(opening + b"\n  " + row)
        opening = b","
    sink.write(b"[]\n" if opening == b"[" else b"\n]\n")


def write_parquet(reader: pa.RecordBatchReader, sink: IO[bytes]) -> None:
    """One Parquet file, zstd compressed, a row group a batch."""
    with parquet.ParquetWriter(sink, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


WRITERS: dict[str, Writer] = {
    "csv": write_csv,
    "json": write_json,
    "ndjson": write_ndjson,
    "parquet": write_parquet,
}


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when all of it has been written."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as sink:
            yield sink
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _json_rows(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    for batch in reader:
        for start in range(0, batch.num_rows, SLICE_ROWS):
            for row in rows(batch.slice(start, SLICE_ROWS)):
                yield json.dumps(row, ensure_ascii=False).encode()


def _needs_json(kind: pa.DataType) -> bool:
    """Whether Arrow's CSV writer refuses the type, or (durations) writes a bare count that has lost its unit."""
    types = pa.types
    return bool(
        types.is_nested(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_duration(kind)
        or types.is_interval(kind)
    )


def _json_column(column: Any) -> Any:
    texts: list[str | None] = [_json_text(value) for value in column.to_pylist()]
    return pa.array(texts, pa.string())


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    plain = json_value(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
