"""Sample data and vector indexes for the tour, made once: a second run finds them and goes on."""

from collections.abc import Mapping
from dataclasses import dataclass

from adbc_driver_manager import dbapi
from rich.console import Console

from clients.cli.progress import follow
from clients.python import LakehouseError, Operations

INDEX_STATUS = "SELECT status FROM catalog.vector_indexes WHERE index_name = ?"


@dataclass(frozen=True)
class Index:
    """A vector index over text columns of a dataset."""

    name: str
    dataset: str
    key_column: str
    text_columns: tuple[str, ...]


INDEXES = (
    Index("python_reference", "python_reference", "topic", ("title", "body")),
    Index("resumes", "resumes_sample", "candidate_id", ("resume",)),
)


def load_samples(operations: Operations, console: Console, staffing: Mapping[str, int]) -> None:
    """Load the staffing tables, whose sizes `staffing` holds as the operation names them, and the Python reference."""
    for name, sizes in (("staffing", staffing), ("python_reference", {})):
        with console.status(f"loading the sample {name} …"):
            loaded = operations.call("load_sample", name=name, **sizes)
        for row in loaded:
            console.print(f"{row['dataset']}: {row['rows']:,} rows", style="dim", highlight=False)


def build_indexes(operations: Operations, connection: dbapi.Connection, console: Console) -> None:
    """Create the indexes that are not ready and follow their jobs. Raises LakehouseError when a job fails."""
    for index in INDEXES:
        status = index_status(connection, index.name)
        if status == "ready":
            console.print(f"index {index.name}: ready", style="dim")
            continue
        if status is not None:
            # What a run that was interrupted left behind.
            operations.call("drop_index", name=index.name)
        (created,) = operations.call(
            "create_index",
            name=index.name,
            dataset=index.dataset,
            key_column=index.key_column,
            text_columns=list(index.text_columns),
            wait=False,
        )
        last = follow(operations.watch(created["job_id"]), console, title=f"index {index.name}")
        if not last.succeeded:
            raise LakehouseError(f"index '{index.name}' was not built: {last.message or last.status}")


def index_status(connection: dbapi.Connection, name: str) -> str | None:
    """The index's status, None when there is no such index."""
    with connection.cursor() as cursor:
        cursor.execute(INDEX_STATUS, (name,))
        row = cursor.fetchone()
    return None if row is None else str(row[0])
