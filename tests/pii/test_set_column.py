"""What people say of columns wins over what is detected, for good; operations tell wrong use."""

from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations
from tests.harness import Server, query
from tests.pii.conftest import Told
from tests.pii.people import MAILS

FACTS = "pii_kind, pii_confidence, pii_source, sensitivity"


def facts(server: Server, dataset: str, column: str) -> tuple[Any, ...]:
    [row] = server.rows(f"SELECT {FACTS} FROM catalog.columns WHERE dataset = ? AND column_name = ?", (dataset, column))
    return tuple(row.values())


def test_correction_wins_and_outlasts_detection_and_renames(
    server: Server, connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, f"CREATE TABLE pii_corrected AS {MAILS}")
    kind, confidence, source, sensitivity = facts(server, "pii_corrected", "c")
    assert (kind, source, sensitivity) == ("email", "detected", "confidential")
    assert 0.9 < confidence <= 1
    told = operations.call("set_column", dataset="pii_corrected", column_name="C", pii_kind="none")
    assert told == [{"dataset": "pii_corrected", "column_name": "c", "key": "pii_kind", "value": "none"}]
    operations.call("detect_pii", dataset="pii_corrected")
    query(connection, "ALTER TABLE pii_corrected RENAME COLUMN c TO d")
    assert facts(server, "pii_corrected", "d") == (None, None, "person", None)
    operations.call("set_column", dataset="pii_corrected", column_name="d", pii_kind="iban", sensitivity="internal")
    assert facts(server, "pii_corrected", "d") == ("iban", 1.0, "person", "internal")
    operations.call("set_column", dataset="pii_corrected", column_name="n", pii_kind="card")
    assert facts(server, "pii_corrected", "n") == ("card", 1.0, "person", "restricted")


def test_column_has_the_sensitivity_of_its_dataset_unless_it_is_known_better(
    server: Server, connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, f"CREATE TABLE pii_sensitive AS {MAILS}")
    operations.call("set_metadata", dataset="pii_sensitive", sensitivity="internal")
    assert [facts(server, "pii_sensitive", column)[3] for column in "nc"] == ["internal", "confidential"]
    operations.call("set_column", dataset="pii_sensitive", column_name="n", sensitivity="public")
    assert facts(server, "pii_sensitive", "n") == (None, None, None, "public")


def test_strongest_part_counts_for_its_column(
    server: Server, connection: dbapi.Connection, operations: Operations, kinds: Told
) -> None:
    query(connection, f"CREATE TABLE pii_parts AS SELECT {{'e': c, 'n': n, 'ssn': NULL::VARCHAR}} AS s FROM ({MAILS})")
    assert facts(server, "pii_parts", "s")[::3] == ("ssn", "restricted")
    operations.call("set_column", dataset="pii_parts", column_name="s.ssn", pii_kind="none")
    assert facts(server, "pii_parts", "s")[::3] == ("email", "confidential")
    operations.call("set_column", dataset="pii_parts", column_name="s.n", pii_kind="medical")
    assert facts(server, "pii_parts", "s") == ("medical", 1.0, "person", "restricted")
    operations.call("set_column", dataset="pii_parts", column_name="s", pii_kind="phone")
    assert facts(server, "pii_parts", "s")[::3] == ("phone", "confidential")


def test_description_is_the_comment_in_one_commit_with_the_facts(
    server: Server, connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, f"CREATE TABLE pii_described AS {MAILS}")
    before = server.rows("SELECT count(*) AS n FROM catalog.snapshots WHERE author = 'admin'")[0]["n"]
    operations.call(
        "set_column", dataset="pii_described", column_name="c", description="Where mail goes", pii_kind="email"
    )
    assert server.rows("SELECT count(*) AS n FROM catalog.snapshots WHERE author = 'admin'") == [{"n": before + 1}]
    found = server.rows("SELECT comment FROM duckdb_columns() WHERE table_name = 'pii_described' AND column_name = 'c'")
    assert found == [{"comment": "Where mail goes"}]


def test_detect_pii_looks_at_one_table_or_all(
    server: Server, connection: dbapi.Connection, operations: Operations
) -> None:
    query(connection, f"CREATE OR REPLACE TABLE pii_all AS {MAILS}")
    query(connection, "INSERT INTO pii_all SELECT n + 200, c FROM pii_all")
    [row] = operations.call("detect_pii", dataset="pii_all", sample_rows=300)
    assert (row["path"], row["kind"], row["counts"]) == ("c", "email", True)
    assert server.rows("SELECT row_count, sampled_rows FROM catalog.pii_scans WHERE dataset = 'pii_all'") == [
        {"row_count": 400, "sampled_rows": 300}
    ]
    everywhere = operations.call("detect_pii")
    assert ("pii_all", "c", "email") in {(r["dataset"], r["path"], r["kind"]) for r in everywhere}
    tables = server.rows("SELECT count(*) AS n FROM catalog.datasets WHERE kind = 'table'")
    assert server.rows("SELECT count(*) AS n FROM catalog.pii_scans") == tables


@pytest.mark.parametrize(
    ("operation", "arguments", "code", "message"),
    [
        ("set_column", {"dataset": "pii_wrong", "column_name": "c"}, "invalid_argument", "nothing to set"),
        ("set_column", {"dataset": "pii_wrong", "column_name": "x", "pii_kind": "ip"}, "not_found", "it has n, c"),
        (
            "set_column",
            {"dataset": "pii_wrong", "column_name": "c", "pii_kind": "name"},
            "invalid_argument",
            "pii_kind",
        ),
        (
            "set_column",
            {"dataset": "pii_wrong", "column_name": "c", "sensitivity": "high"},
            "invalid_argument",
            "sensitivity",
        ),
        (
            "set_column",
            {"dataset": "pii_wrong_v", "column_name": "c", "pii_kind": "ip"},
            "invalid_argument",
            "is a view",
        ),
        (
            "set_column",
            {"dataset": "pii_wrong_s", "column_name": "s.a", "description": "x"},
            "not_found",
            "no column 's.a'",
        ),
        (
            "set_column",
            {"dataset": "catalog.jobs", "column_name": "c", "pii_kind": "ip"},
            "permission_denied",
            "server only",
        ),
        ("detect_pii", {"dataset": "pii_wrong_v"}, "invalid_argument", "is a view"),
        ("detect_pii", {"dataset": "pii_wrogn"}, "not_found", "did you mean pii_wrong"),
        ("detect_pii", {"dataset": "pii_wrong", "sample_rows": 0}, "invalid_argument", "sample_rows"),
    ],
)
def test_wrong_use_is_told(
    connection: dbapi.Connection,
    operations: Operations,
    operation: str,
    arguments: dict[str, Any],
    code: str,
    message: str,
) -> None:
    query(connection, f"CREATE OR REPLACE TABLE pii_wrong AS {MAILS}")
    query(connection, "CREATE OR REPLACE VIEW pii_wrong_v AS FROM pii_wrong")
    query(connection, "CREATE OR REPLACE TABLE pii_wrong_s AS SELECT {'a': 1} AS s")
    with pytest.raises(LakehouseError, match=message) as error:
        operations.call(operation, **arguments)
    assert error.value.code == code
