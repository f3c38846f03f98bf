"""What a run gives its benches: sizes, a real server with the data in it, the references; each made once, when used."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import pyarrow as pa
from adbc_driver_manager import dbapi

from server.data_folder import DataFolder
from tests.benches.kit.clients import Clients
from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.quack import Quack
from tests.benches.kit.sail import Sail
from tests.benches.kit.vectors import Corpus, Ids, corpus, lists, nearest
from tests.harness import PASSWORD, Server, query

K = 10
INDEX = "bench_vectors"
LOG_SHOWN_CHARS = 4_000

# 48 bytes a row, of the types that tables are made of; hashes, so that Parquet can't shrink them to nothing.
ROWS = """
CREATE TABLE bench_rows AS SELECT
    i AS id,
    (hash(i) % 1000000)::BIGINT AS account,
    TIMESTAMP '2026-01-01' + to_milliseconds((hash(i, 1) % 10000000000)::BIGINT) AS placed_at,
    ((hash(i, 2) % 1000000) / 100)::DOUBLE AS amount,
    (hash(i, 3) % 500)::BIGINT AS quantity,
    ((hash(i, 4) % 10000) / 10000)::DOUBLE AS discount
FROM range(?) t(i)
"""


@dataclass(frozen=True)
class Sizes:
    """people: rows of the datasets that lose some; calls: of a small query or a search, each; texts: embedded per
    repetition, by tokens a text; needles: values looked for in scanned_bytes; clients and writers: at once; rounds of
    round_s seconds."""

    rows: int
    people: tuple[int, ...]
    needles: tuple[int, ...]
    scanned_bytes: int
    fetches: int
    calls: int
    vectors: int
    queries: int
    texts: dict[int, int]
    embeddings: int
    clients: tuple[int, ...]
    writers: int
    rounds: int
    round_s: float
    soak_clients: int
    soak_s: float
    datasets: int


FULL = Sizes(
    rows=5_000_000,
    people=(100_000, 2_470_000),
    needles=(10, 10_000, 100_000, 1_000_000),
    scanned_bytes=256 << 20,
    fetches=7,
    calls=1_000,
    vectors=100_000,
    queries=500,
    texts={28: 512, 128: 128, 256: 64},
    embeddings=5,
    clients=(1, 4, 16),
    writers=8,
    rounds=3,
    round_s=3.0,
    soak_clients=16,
    soak_s=600.0,
    datasets=1_000,
)
QUICK = Sizes(
    rows=50_000,
    people=(1_000,),
    needles=(10, 1_000),
    scanned_bytes=4 << 20,
    fetches=2,
    calls=20,
    vectors=2_000,
    queries=20,
    texts={28: 16, 128: 4, 256: 4},
    embeddings=1,
    clients=(1, 2),
    writers=2,
    rounds=1,
    round_s=0.2,
    soak_clients=2,
    soak_s=4.0,
    datasets=20,
)


@dataclass(frozen=True)
class VectorIndex:
    """An HNSW index on the server, and the exact answers to its queries, (queries, K)."""

    corpus: Corpus
    truth: Ids


class Context:
    """Use as a context manager; folder: an empty one, for the server's data and for scratch files."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        self.series: dict[str, list[float]] = {}  # a bench may leave here what the report keeps beside its rows

    @cached_property
    def server(self) -> Server:
        return Server(self.folder / "data").start()

    @cached_property
    def data(self) -> DataFolder:
        return DataFolder(self.server.data)

    @cached_property
    def connection(self) -> dbapi.Connection:
        return self.server.connect()

    @cached_property
    def flight(self) -> FlightSql:
        return FlightSql(self.server.uri, Credentials("admin", PASSWORD))

    @cached_property
    def quack(self) -> Quack:
        """Raises NotRun, each time it is asked for, if Quack is not installed or does not start."""
        return Quack()

    @cached_property
    def quack_on_disk(self) -> Quack:
        """One whose commits are durable, as ours are. Raises NotRun."""
        return Quack(self.folder / "quack.duckdb")

    @cached_property
    def sail(self) -> Sail:
        """It has table bench_rows. Raises NotRun, each time it is asked for, if Sail is not there."""
        return Sail(self.rows_file)

    @cached_property
    def clients(self) -> Clients:
        return Clients(max(*self.sizes.clients, self.sizes.writers))

    @cached_property
    def row_files(self) -> list[Path]:
        """The Parquet files of table bench_rows, which the references read too."""
        query(self.connection, ROWS.replace("?", str(self.sizes.rows)))
        return sorted((self.data.lake / "main" / "bench_rows").glob("*.parquet"))

    @property
    def rows_file(self) -> Path:
        """The same as one file, which DuckLake makes of a table of this size."""
        (file,) = self.row_files
        return file

    @cached_property
    def index(self) -> VectorIndex:
        made = corpus(self.sizes.vectors, self.sizes.queries)
        numbers = pa.array(range(len(made.vectors)), pa.int64())
        with self.connection.cursor() as cursor:
            cursor.adbc_ingest(INDEX, pa.table({"id": numbers, "vec": lists(made.vectors)}), mode="create")
        with self.server.operations() as operations:
            operations.call(
                "create_index",
                name=INDEX,
                dataset=INDEX,
                key_column="id",
                vector_column="vec",
                metric="cosine",
                index_type="hnsw",
                wait=True,
            )
        return VectorIndex(made, nearest(made, K))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for part in ("clients", "quack", "quack_on_disk", "sail", "flight"):
            if part in self.__dict__:
                self.__dict__[part].close()
        if "server" in self.__dict__:
            self.server.stop()
            if error is not None:
                error.add_note(f"The server's log ends so:\n{self.server.log.read_text()[-LOG_SHOWN_CHARS:]}")
