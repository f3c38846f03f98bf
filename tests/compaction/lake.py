"""A lake without a server, for what no client can do: change files under a compaction, kill a process in the middle.

`python -m tests.compaction.lake DATA DATASET STEP WHAT` compacts until it has come to that step, counted from 0, and
then kills itself, or goes on with a disk that is full: WHAT is kill or full. It prints the steps that it came by, and
ends by itself if there are fewer; an error of the compaction ends it with status 1.
"""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.catalog.datasets import find_dataset
from server.catalog.migrate import migrations
from server.compaction.compacting import Compacting, Size, Step, Told
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import LakehouseError
from server.jobs.job import Job
from server.sql.tree import Parser

FOLDER = "lake/main"
MIGRATION = "0007_compaction_and_schedules.sql"


@contextmanager
def opened(data: Path, **settings: Any) -> Iterator[Engine]:
    """The engine over a data folder; the control tables are made if they are not there."""
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
    """Those that a compaction writes to; the whole schema would take each test seconds."""
    cursor.execute("CREATE SCHEMA lakehouse.catalog")
    (text,) = (file.text for file in migrations() if file.name == MIGRATION)
    for statement in Parser().statements(text):
        cursor.execute(statement.query)


def run(engine: Engine, *texts: str) -> None:
    for text in texts:
        engine.read(lambda cursor, text=text: cursor.execute(text).discard())  # type: ignore[misc]


def rows(engine: Engine, text: str) -> list[tuple[Any, ...]]:
    def read(cursor: LakeCursor) -> list[tuple[Any, ...]]:
        return cursor.rows(text)

    return engine.read(read)


def compact(engine: Engine, dataset: str, told: Told = lambda *_: None, job: Job | None = None) -> tuple[Size, Size]:
    job = job or Job("a-job", "compact", dataset, "admin")
    return Compacting(engine, told).compact(find_dataset(engine, dataset), job)


def grow_old(data: Path) -> None:
    """Make every data file an hour older, as if a process that is long gone had written it."""
    for file in (data / "lake").rglob("*.parquet"):
        written_at = file.stat().st_mtime - 3600
        os.utime(file, (written_at, written_at))


def data_files(data: Path, table: str) -> set[Path]:
    """Every file in the table's folder, whether the catalog knows it or not."""
    return set((data / FOLDER / table).rglob("*.parquet"))


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk() -> None:
    """No file may grow from here on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def main() -> None:
    data, dataset, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    happens = {"kill": kill, "full": fill_disk}[sys.argv[4]]
    steps: list[str] = []

    def told(name: str, step: Step) -> None:
        sys.stdout.write(f"{name} {step.value}\n")
        sys.stdout.flush()
        if len(steps) == last:
            happens()
        steps.append(name)

    with opened(data, replaced_files_s=0) as engine:
        try:
            compact(engine, dataset, told)
        except LakehouseError as error:
            sys.stdout.write(f"{error.code}\n")
            sys.exit(1)


if __name__ == "__main__":
    main()
