"""Looks at tables as rows of the control table: recorded in the commit that they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.pii.detection import SQL, Look
from server.sql.schema import schema_of

ARRIVED = "lakehouse_pii_scans"
FINDING = pa.struct(
    [
        ("column_id", pa.int64()),
        ("root_id", pa.int64()),
        ("path", pa.string()),
        ("kind", pa.string()),
        ("confidence", pa.float64()),
        ("evidence", pa.string()),
    ]
)
SCANS = schema_of(
    table_id=pa.int64(),
    schema_name=pa.string(),
    table_name=pa.string(),
    column_ids=pa.list_(pa.int64()),
    row_count=pa.int64(),
    sampled_rows=pa.int64(),
    findings=pa.list_(FINDING),
)


@dataclass(frozen=True)
class Table:
    """id: None for one that the open transaction has made. rows: that it has."""

    id: int | None
    schema: str
    name: str
    rows: int


def record(cursor: LakeCursor, actor: str, looks: Sequence[tuple[Table, Look]]) -> None:
    """Inside the caller's transaction."""
    rows = [
        {
            "table_id": table.id,
            "schema_name": table.schema,
            "table_name": table.name,
            "column_ids": look.column_ids,
            "row_count": table.rows,
            "sampled_rows": look.sampled_rows,
            "findings": [
                {
                    "column_id": finding.leaf.column.id,
                    "root_id": finding.leaf.root.id,
                    "path": finding.leaf.path,
                    "kind": finding.scored.kind,
                    "confidence": finding.scored.confidence,
                    "evidence": finding.scored.evidence,
                }
                for finding in look.findings
            ],
        }
        for table, look in looks
    ]
    cursor.register(ARRIVED, pa.Table.from_pylist(rows, SCANS))
    try:
        cursor.execute(SQL["record"].format(scans=ARRIVED), [actor])
    finally:
        cursor.unregister(ARRIVED)
