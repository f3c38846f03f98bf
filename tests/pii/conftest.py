"""An operations client of the shared server, and what its catalog tells of a dataset."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clients.python import Operations
from tests.harness import Server

Told = Callable[[str], dict[str, Any]]


@pytest.fixture
def operations(server: Server) -> Iterator[Operations]:
    with server.operations() as opened:
        yield opened


@pytest.fixture
def kinds(server: Server) -> Told:
    """Of a dataset: column → kind, of columns that have one."""

    def told(dataset: str) -> dict[str, Any]:
        rows = server.rows(
            "SELECT column_name, pii_kind FROM catalog.columns WHERE dataset = ? AND pii_kind IS NOT NULL", (dataset,)
        )
        return {row["column_name"]: row["pii_kind"] for row in rows}

    return told


@pytest.fixture
def found(server: Server) -> Told:
    """Of a dataset: path → kind of what its newest look found and counts."""

    def told(dataset: str) -> dict[str, Any]:
        rows = server.rows("SELECT path, kind FROM catalog.pii_findings WHERE dataset = ? AND counts", (dataset,))
        return {row["path"]: row["kind"] for row in rows}

    return told
