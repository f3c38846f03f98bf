"""How long an erasure takes, beside writing the dataset's rows once into a Parquet file.

On a server of its own, since an erasure looks through all that there is. The first row is the time until the lake and
its catalog are rid of the rows; the second the whole call, with the looking through and the certificate.
"""

import time
from dataclasses import dataclass

from adbc_driver_manager import dbapi

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most, beside
from tests.benches.kit.timing import Measured
from tests.benches.tombstones import KEYS, PEOPLE
from tests.harness import Server, query

WHAT = "an erasure, beside writing the rows once"
TIMES_MAX = 3.0
ROUNDS = 3
LAST_OF_THE_LAKE = "catalog"


@dataclass(frozen=True)
class Round:
    """Seconds: until lake and catalog were rid of the rows, of the whole call, and of the plain copy."""

    lake_s: float
    whole_s: float
    copy_s: float


def run(context: Context) -> list[Row]:
    rows = []
    with Server(context.folder / "erasing") as server, server.connect() as connection:
        for count in context.sizes.people:
            query(connection, PEOPLE.format(table=f"people_{count}", rows=count))
            rounds = [_round(server, connection, f"people_{count}", number) for number in range(ROUNDS)]
            lake, whole, copy = (
                Measured.of([getattr(one, name) for one in rounds]) for name in ("lake_s", "whole_s", "copy_s")
            )
            what = f"{KEYS} of {count:,} rows"
            rows.append(
                at_most(f"erase {what}, lake and catalog: COPY", lake.times(1e3), copy.times(1e3), "ms", TIMES_MAX)
            )
            note = "everything looked through, certificate written"
            rows.append(beside(f"erase {what}, the whole call: COPY", whole.times(1e3), copy.times(1e3), "ms", note))
            query(connection, f"DROP TABLE people_{count}")
    return rows


def _round(server: Server, connection: dbapi.Connection, table: str, number: int) -> Round:
    keys = [number * KEYS + key for key in range(KEYS)]
    query(connection, f"CALL tombstone(dataset := '{table}', key_column := 'id', key_values := {keys})")
    file = server.data / "export" / f"{table}.parquet"
    began = time.perf_counter()
    query(connection, f"COPY (SELECT * FROM {table}) TO '{file}'")
    copied = time.perf_counter()
    file.unlink()
    erasing = time.perf_counter()
    rows = query(connection, f"CALL erase(dataset := '{table}')").to_pylist()
    ended = time.perf_counter()
    assert {row["verdict"] for row in rows} == {"clean"}, rows
    text = (
        "SELECT epoch(max(scanned_at) FILTER (surface = ?) - min(started_at)) AS s FROM catalog.erasures "
        "WHERE erasure_id = ?"
    )
    (told,) = query(connection, text, (LAST_OF_THE_LAKE, rows[0]["erasure_id"])).to_pylist()
    return Round(float(told["s"]), ended - erasing, copied - began)
