"""A lake without a server, and certificates in it of erasures that were never done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.catalog.migrate import migrations
from server.certificates.certificate import Erased, Examined
from server.certificates.certificates import Certificate, Certificates
from server.certificates.finding import Finding, Verdict
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.erasure.keys import KeyColumn
from server.sql.tree import Parser

MIGRATION = "0010_erasures.sql"
BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HMACS = tuple(f"{number:064x}" for number in (30, 10, 20))


@contextmanager
def engine_on(data: Path, **settings: Any) -> Iterator[Engine]:
    """The engine over a data folder; the tables of certificates are made if there are none: the whole schema would take
    each test seconds."""
    folder = DataFolder(data)
    folder.make()
    engine = Engine(Settings(data=data, threads=1, **settings), folder)
    try:
        if not engine.read(lambda cursor: cursor.rows("FROM duckdb_schemas() WHERE schema_name = 'catalog'")):
            engine.commit(SERVER, "control tables", _control_tables)
        yield engine
    finally:
        engine.close()


def _control_tables(cursor: LakeCursor) -> None:
    cursor.execute("CREATE SCHEMA lakehouse.catalog")
    (text,) = (file.text for file in migrations() if file.name == MIGRATION)
    for statement in Parser().statements(text):
        cursor.execute(statement.query)


def erased(name: str, *, unproven: bool = False, **changes: Any) -> Erased:
    """An erasure of three keys over two surfaces, the second of which can be one that was not looked through."""
    found = Finding(Verdict.UNPROVEN, "it is asked", 0, "files", 0, "its archives are elsewhere: größer")
    clean = Finding(Verdict.CLEAN, "every file is read", 12_345, "bytes")
    surfaces = (
        Examined("write-ahead log", found if unproven else clean, 0, BEGUN + timedelta(seconds=2)),
        Examined("data files", clean, 3, BEGUN + timedelta(seconds=1.5)),
    )
    values: dict[str, Any] = {
        "erasure_id": name,
        "dataset": "people",
        "key_column": KeyColumn("email", "VARCHAR"),
        "key_hmacs": HMACS,
        "row_count": 6,
        "surfaces": surfaces,
        "actor": "admin",
        "job_id": "a-job",
        "started_at": BEGUN,
        "finished_at": BEGUN + timedelta(seconds=2),
    }
    return Erased(**values | changes)


def certify(engine: Engine, certificates: Certificates, done: Erased) -> Certificate:
    """As an erasure ends."""
    certificate = engine.commit(SERVER, "erasure", lambda cursor: certificates.write(cursor, done))
    certificates.keep(certificate)
    return certificate
