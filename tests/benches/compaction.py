"""Rows a second of compact(), beside a plain copy of the same rows into one Parquet file.

Each round makes a table of its own out of FILES inserts and deletes one row in twenty, copies it, then compacts it:
once by rewriting what has deleted rows, once by merging the small files, each verified by reading old and new rows.
"""

import time
from dataclasses import dataclass

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, beside
from tests.benches.kit.timing import Measured
from tests.harness import query

WHAT = "compaction, beside a plain copy"
ROWS = (100_000, 2_470_000)
FILES = 16
ROUNDS = 3
MIB = 1 << 20


@dataclass(frozen=True)
class Round:
    """Seconds that each took, and the size of the files before."""

    compact_s: float
    copy_s: float
    file_bytes: int


def run(context: Context) -> list[Row]:
    """A quick run has fewer rows and one round."""
    quick = context.sizes.rows < min(ROWS) * 2
    rows = []
    for count in (context.sizes.rows,) if quick else ROWS:
        rounds = [_round(context, count, number) for number in range(1 if quick else ROUNDS)]
        kept = count - count // 20
        ours = Measured.of([one.compact_s for one in rounds]).per(kept)
        reference = Measured.of([one.copy_s for one in rounds]).per(kept)
        mib = Measured.of([one.file_bytes / MIB / one.compact_s for one in rounds])
        note = f"{FILES} files into one; {mib.median:.1f} MiB/s of the files before"
        rows.append(beside(f"compact {count:,} rows, 5 % deleted: COPY", ours, reference, "rows/s", note))
    return rows


def _round(context: Context, count: int, number: int) -> Round:
    table, connection = f"bench_compaction_{count}_{number}", context.connection
    assert context.row_files  # the table that the rows are from
    query(connection, f"CREATE TABLE {table} AS FROM bench_rows LIMIT 0")
    for part in range(FILES):
        first, last = count * part // FILES, count * (part + 1) // FILES
        query(connection, f"INSERT INTO {table} FROM bench_rows WHERE id >= {first} AND id < {last}")
    query(connection, f"DELETE FROM {table} WHERE id % 20 = 0")
    file = context.server.data / "export" / f"{table}.parquet"
    started = time.perf_counter()
    query(connection, f"COPY (SELECT * FROM {table}) TO '{file}'")
    copied = time.perf_counter()
    (told,) = query(connection, f"CALL compact(dataset := '{table}')").to_pylist()
    ended = time.perf_counter()
    if (told["rows_after"], told["files_after"]) != (count - count // 20, 1):
        raise AssertionError(f"{told['files_after']} files with {told['rows_after']} rows are left")
    query(connection, f"DROP TABLE {table}")
    file.unlink()
    return Round(ended - copied, copied - started, told["bytes_before"])
