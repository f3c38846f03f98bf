"""What catalog.cache says, and waiting for it."""

from typing import Any

from adbc_driver_manager import dbapi

from tests.harness import query
from tests.lake.ports import wait_until

STATS = "SELECT * FROM catalog.cache WHERE dataset = ?"


def stats(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    """The dataset's row, {} if it is not pinned."""
    rows = query(connection, STATS, (dataset,)).to_pylist()
    return dict(rows[0]) if rows else {}


def wait_ready(connection: dbapi.Connection, *datasets: str) -> None:
    """Until the copies equal the lake."""
    wait_until(
        lambda: all(stats(connection, dataset).get("state") == "ready" for dataset in datasets),
        f"{datasets} did not follow the lake",
    )


def pin(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    return dict(query(connection, f"CALL cache_pin(dataset := '{dataset}')").to_pylist()[0])


def evict(connection: dbapi.Connection, dataset: str) -> None:
    query(connection, f"CALL cache_evict(dataset := '{dataset}')")


def from_memory(connection: dbapi.Connection, dataset: str, sql: str, parameters: Any = None) -> Any:
    """The result, and whether it came from the copy."""
    before = stats(connection, dataset)["hits"]
    found = query(connection, sql, parameters)
    return found, stats(connection, dataset)["hits"] > before
