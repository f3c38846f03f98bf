"""Detection at ingest can be turned off; on demand it stays."""

from pathlib import Path

from tests.harness import Server, query
from tests.pii.people import MAILS, mails, scans


def test_nothing_is_looked_at_by_itself_when_detection_is_off(data: Path) -> None:
    with Server(data, "--pii-detection", "false") as server, server.connect() as connection:
        query(connection, f"CREATE TABLE pii_off AS {MAILS}")
        with connection.cursor() as cursor:
            cursor.adbc_ingest("pii_off", mails(), mode="append")
        assert scans(server, "pii_off") == []
        query(connection, "CALL detect_pii(dataset := 'pii_off')")
        assert scans(server, "pii_off") == [(400, 400)]
