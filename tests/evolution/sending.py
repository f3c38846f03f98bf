"""The same rows as a CSV file, a Parquet file or an Arrow stream, sent into a dataset."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from tests.harness import Server
from tests.ingest.sending import send as send_file

FORMATS = ["csv", "parquet", "stream"]


def content_of(rows: pa.Table, form: str) -> bytes:
    out = io.BytesIO()
    if form == "csv":
        csv.write_csv(rows, out)
    else:
        pq.write_table(rows, out)
    return out.getvalue()


def send(server: Server, dataset: str, form: str, **columns: Any) -> None:
    """columns: lists or Arrow arrays. Raises DB-API's or the operations client's error."""
    rows = pa.table(columns)
    if form == "stream":
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(dataset, rows, mode="append")
        return
    with server.operations() as operations:
        send_file(operations, dataset, content_of(rows, form), f"rows.{form}", mode="append")


def refusal(server: Server, dataset: str, form: str, **columns: Any) -> str:
    """The message of a load that was not done, its code included."""
    with pytest.raises((dbapi.Error, LakehouseError)) as error:
        send(server, dataset, form, **columns)
    return str(error.value)


def schema(server: Server, dataset: str) -> dict[str, str]:
    rows = server.rows(
        "SELECT column_name, data_type FROM catalog.columns WHERE dataset = ? ORDER BY ordinal_position", (dataset,)
    )
    return {row["column_name"]: row["data_type"] for row in rows}


def proposals(server: Server, dataset: str) -> list[dict[str, Any]]:
    return server.rows(
        "SELECT * EXCLUDE (proposed_at, changed_at) FROM catalog.migration_proposals WHERE dataset = ? "
        "ORDER BY proposed_at",
        (dataset,),
    )


def snapshots(server: Server, dataset: str) -> list[dict[str, Any]]:
    """The commits that changed the dataset's schema."""
    return server.rows(
        "SELECT DISTINCT snapshot_id, actor, source FROM catalog.schema_changes WHERE dataset = ? ORDER BY 1",
        (dataset,),
    )
