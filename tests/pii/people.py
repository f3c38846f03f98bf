"""Rows with personal data of nobody."""

import pyarrow as pa

from tests.harness import Server

# The body of a SELECT: 200 rows with an address in column c and a number of no meaning in n.
MAILS = "SELECT i AS n, 'user' || i || '@example.org' AS c FROM range(200) t(i)"


def mails(count: int = 200, column: str = "c") -> pa.Table:
    return pa.table({"n": range(count), column: [f"user{number}@example.org" for number in range(count)]})


def scans(server: Server, dataset: str) -> list[tuple[int, int]]:
    """Every look at a dataset by the name it has: rows that it had and rows that were looked at, the oldest first."""
    rows = server.rows(
        "SELECT row_count, sampled_rows FROM catalog.pii_scan_events WHERE table_name = ? ORDER BY scanned_at",
        (dataset,),
    )
    return [(row["row_count"], row["sampled_rows"]) for row in rows]
