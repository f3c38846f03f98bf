"""Ingesting bytes as a client does, and looking at what became of them."""

import base64
from typing import Any

import pytest

from clients.python import LakehouseError, Operations
from tests.harness import Server


def send(operations: Operations, dataset: str, content: bytes, name: str = "file.csv", **more: Any) -> dict[str, Any]:
    """The result row of ingest_file for these bytes."""
    text = base64.b64encode(content).decode()
    [row] = operations.call("ingest_file", dataset=dataset, content=text, file_name=name, **more)
    return row


def refused(operations: Operations, dataset: str, content: bytes, name: str = "file.csv", **more: Any) -> str:
    """The message of the refusal, which shows nothing of how the server works inside."""
    with pytest.raises(LakehouseError) as error:
        send(operations, dataset, content, name, **more)
    for inside in ("Traceback", "uploads", "read_csv(", "read_json(", "read_parquet(", "arrow_scan"):
        assert inside not in error.value.message
    assert error.value.code != "internal"
    return error.value.message


def datasets(server: Server) -> set[str]:
    return {row["dataset"] for row in server.rows("SELECT dataset FROM catalog.datasets")}
