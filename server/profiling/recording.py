"""Profiles in the lake: a row for each column of each profile. The newest counts."""

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from server.catalog.datasets import Dataset
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER
from server.profiling.personal import is_withheld, personal_columns
from server.profiling.profile import TableProfile, without_values
from server.profiling.table import SQL
from server.sql.schema import schema_of

ROWS = "lakehouse_profile"
_TOP = pa.list_(pa.struct([("value", pa.string()), ("row_count", pa.int64())]))
_BINS = pa.list_(pa.struct([("lower", pa.string()), ("upper", pa.string()), ("row_count", pa.int64())]))
_COLUMNS = schema_of(
    column_id=pa.int64(),
    path=pa.string(),
    null_count=pa.int64(),
    distinct_count=pa.int64(),
    non_finite_count=pa.int64(),
    minimum=pa.string(),
    maximum=pa.string(),
    mean=pa.float64(),
    length_min=pa.int64(),
    length_mean=pa.float64(),
    length_max=pa.int64(),
    top_values=_TOP,
    histogram=_BINS,
    withheld=pa.bool_(),
)


def record(cursor: LakeCursor, profile_id: str, dataset: Dataset, profile: TableProfile, actor: str) -> None:
    """Commit it. Values of columns that are personal by now are left out, though they were not when it was begun; those
    that older profiles have go in the same commit."""
    table = {
        "profile_id": profile_id,
        "dataset": dataset.name,
        "table_id": profile.table_id,
        "snapshot_id": profile.snapshot,
        "row_count": profile.row_count,
        "sampled_rows": profile.sampled_rows,
        "actor": actor,
    }

    def work(cursor: LakeCursor) -> None:
        personal = personal_columns(cursor, dataset)
        columns = [without_values(each) if is_withheld(each.path, personal) else each for each in profile.columns]
        cursor.register(ROWS, pa.Table.from_pylist([asdict(column) for column in columns], _COLUMNS))
        try:
            cursor.execute(SQL["withhold"], {"table_id": profile.table_id})
            cursor.execute(SQL["record"], table)
        finally:
            cursor.unregister(ROWS)

    commit_on(cursor, SERVER, f"profile of {dataset.name}", work)


def recorded(cursor: LakeCursor, profile_id: str) -> list[dict[str, Any]]:
    """What the operation answers with: a row for the dataset."""
    rows: list[dict[str, Any]] = cursor.execute(SQL["recorded"], [profile_id]).table().to_pylist()
    return rows
