"""Profiles over SQL."""

from typing import Any

from adbc_driver_manager import dbapi

from tests.harness import query


def profile(connection: dbapi.Connection, dataset: str) -> dict[str, dict[str, Any]]:
    """Profile it; column → its row of catalog.column_profiles."""
    query(connection, "CALL profile_columns(dataset := ?)", (dataset,))
    return shown(connection, dataset)


def shown(connection: dbapi.Connection, dataset: str) -> dict[str, dict[str, Any]]:
    rows = query(connection, "FROM catalog.column_profiles WHERE dataset = ?", (dataset,)).to_pylist()
    return {row["column_name"]: row for row in rows}


def top(row: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["value"], each["row_count"]) for each in row["top_values"]]


def bins(row: dict[str, Any]) -> list[tuple[str | None, str | None, int]]:
    return [(each["lower"], each["upper"], each["row_count"]) for each in row["histogram"]]


def in_bins(row: dict[str, Any]) -> int:
    return sum(each["row_count"] for each in row["histogram"])


def make_sensitive(connection: dbapi.Connection, dataset: str, level: str) -> None:
    query(connection, "CALL set_metadata(dataset := ?, sensitivity := ?)", (dataset, level))
