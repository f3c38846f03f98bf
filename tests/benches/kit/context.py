"""What a run gives its benches: sizes, a real server with the data in it, the references; each made once, when used."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import pyarrow as pa
from adbc_driver_manager import dbapi

from server.data_folder import DataFolder
from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.quack import Quack
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
    """calls: of a small query or a search, each; texts: embedded per repetition, by tokens a text."""

    rows: int
    fetches: int
    calls: int
    vectors: int
    queries: int
    texts: dict[int, int]
    embeddings: int


FULL = Sizes(5_000_000, 7, 1_000, 100_000, 500, {28: 512, 128: 128, 256: 64}, 5)
QUICK = Sizes(50_000, 2, 20, 2_000, 20, {28: 16, 128: 4, 256: 4}, 1)


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
    def row_files(self) -> list[Path]:
        """The Parquet files of table bench_rows, which the references read too."""
        query(self.connection, ROWS.replace("?", str(self.sizes.rows)))
        return sorted((self.data.lake / "main" / "bench_rows").glob("*.parquet"))

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
        for part in ("quack", "flight"):
            if part in self.__dict__:
                self.__dict__[part].close()
        if "server" in self.__dict__:
            self.server.stop()
            if error is not None:
                error.add_note(f"The server's log ends so:\n{self.server.log.read_text()[-LOG_SHOWN_CHARS:]}")
