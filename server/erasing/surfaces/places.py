"""Every place where data lies, and the surface that an erasure covers it by.

A file under the data folder, or a table of the lake, that no place here describes is one that nobody erases: a test
fails for it. Whoever adds a kind of file or a control table adds its place.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from server.catalog.datasets import CONTROL_SCHEMAS
from server.engine.cursor import LakeCursor
from server.erasure.documents import ERASING as SQL

SURFACES = {
    "dataset": "its live rows; tombstoned ones have left them",
    "deleted rows": "the rows of its tombstones are deleted from deleted.<dataset>",
    "lake files": "files with deleted rows are rewritten, and the old files removed once no snapshot has them",
    "catalog": "the catalog's database is written anew, without the statistics and names of what is gone",
    "snapshots": "those from before the erasure expire, so that nobody travels back",
    "control tables": "rows that hold a key or a value are replaced, and all are read for what is left",
    "embeddings": "rows of the documents are deleted and their files rewritten",
    "index generations": "a generation with one of the documents is replaced, older ones are removed",
    "hot cache": "the copy in memory is dropped and made again from the lake",
    "journal": "values are sealed under a key for each subject, and the key is destroyed",
    "append log": "its records are written to the lake, and the segments removed",
    "temporary files": "statements that spill have ended; what is left is removed",
    "uploads": "a file goes when its ingest ends; what is left is removed",
    "import folder": "read for what is left: files there are the administrator's own",
    "export folder": "read for what is left: files there are the administrator's own",
    "keys": "random keys and signatures, no data",
    "models": "weights that come with the product, no data",
    "sessions": "open transactions and results end before the old files go",
    "other datasets": "not erased: rows of the same person there have tombstones of their own",
}


@dataclass(frozen=True)
class Place:
    """pattern: of a path below the data folder, '**' at its end for all below; or schema.table. what: lies there, and
    what becomes of it."""

    pattern: str
    surface: str
    what: str


FILES = (
    Place("catalog/*.ducklake", "catalog", "the catalog's database"),
    Place("catalog/*.ducklake.wal", "catalog", "what the database has not taken in yet: a checkpoint removes it"),
    Place("catalog/lake.rewritten*", "catalog", "the catalog's database, while an erasure writes it anew"),
    Place("catalog/*.new", "catalog", "a database that is being made"),
    Place("catalog/*.new.wal", "catalog", "of a database that is being made"),
    Place("lake/**", "lake files", "Parquet files of rows and of deletions, in every schema"),
    Place("indexes/*/index.faiss", "index generations", "vectors, and the graph of an HNSW index"),
    Place("indexes/*/chunks.arrow", "index generations", "doc_ids and texts of the chunks"),
    Place("indexes/*/manifest.json", "index generations", "name, kind, sizes and digests of the files beside it"),
    Place("indexes/*.unfinished/vectors.f32", "index generations", "vectors on their way into an index"),
    Place("log/*.log", "append log", "records that the lake does not have yet, or that are not released"),
    Place("log/probe", "append log", "zeros: made and removed to see whether the folder can be written"),
    Place("tmp/**", "temporary files", "what DuckDB spills"),
    Place("uploads/*", "uploads", "a file that is being ingested"),
    Place("import/**", "import folder", "files that ingest_file and read_csv may read"),
    Place("export/**", "export folder", "files that COPY … TO has written"),
    Place("keys/certificate-head*", "keys", "number and digest of the newest certificate"),
    Place("keys/certificate-signing*", "keys", "the signing key of certificates"),
    Place("keys/journal-hmac*", "keys", "the key of the digests of entities in the journal"),
    Place("keys/journal-head*", "keys", "number and digest of the journal's newest event"),
    Place("keys/journal-signing*", "keys", "the journal's signing key"),
    Place("keys/journal-subjects", "journal", "a key for each subject; the erased ones' are overwritten by zeros"),
    Place("keys/statement-hmac*", "keys", "the key of the digests in the query log"),
    Place("keys/tombstone-hmac*", "keys", "the key of the digests of tombstoned keys"),
    Place("models/**", "models", "the built-in embedding model, converted"),
    Place("erasures/*", "dataset", "what an erasure that is under way looks for: overwritten and removed at its end"),
    Place("server.lock", "temporary files", "the server's process number"),
)

TABLES = (
    Place("deleted.*", "deleted rows", "rows that wait for their erasure"),
    Place("vectors.*", "embeddings", "doc_ids, texts and vectors of the chunks"),
    Place("catalog.api_key_events", "control tables", "who made keys of the door, and what they are called"),
    Place("catalog.cache_events", "control tables", "names of pinned datasets"),
    Place("catalog.column_profile_events", "control tables", "values of columns that are not personal; deleted"),
    Place("catalog.column_fact_events", "control tables", "kinds and sensitivities of columns that people set"),
    Place("catalog.compaction_events", "control tables", "names of datasets and sizes"),
    Place("catalog.dataset_change_events", "control tables", "when datasets changed, and who changed them"),
    Place("catalog.dataset_metadata_events", "control tables", "descriptions that people wrote"),
    Place("catalog.erasure_events", "control tables", "certificates: counts, methods and verdicts"),
    Place("catalog.erasure_heads", "control tables", "number and digest of the newest certificate"),
    Place("catalog.erasure_keys", "control tables", "digests of erased keys"),
    Place("catalog.held_back_events", "control tables", "digests of keys and counts"),
    Place("catalog.ingests", "control tables", "names, digests and sizes of ingested files"),
    Place("catalog.job_events", "control tables", "subjects of jobs; a message may quote a key"),
    Place("catalog.journal_dataset_events", "journal", "names of journalled datasets and their columns"),
    Place("catalog.journal_events", "journal", "digests of entities and sealed values"),
    Place("catalog.journal_heads", "journal", "numbers and signatures"),
    Place("catalog.key_events", "control tables", "names of declared keys and their columns"),
    Place("catalog.lineage_events", "control tables", "names of datasets, columns and files; digests of statements"),
    Place("catalog.migration_proposal_events", "control tables", "names and types of columns, counts, and why not"),
    Place("catalog.migrations", "control tables", "names and digests of the migrations"),
    Place("catalog.pii_scan_events", "control tables", "names of columns, kinds and counts: no values of samples"),
    Place("catalog.principal_events", "control tables", "names of principals; their passwords as digests"),
    Place("catalog.principal_limit_events", "control tables", "names of principals and numbers"),
    Place("catalog.query_log_entries", "control tables", "digests of statements; a message may quote a value"),
    Place("catalog.schedule_events", "control tables", "operations with their arguments, which may be keys"),
    Place("catalog.schedule_run_events", "control tables", "how runs ended; a message may quote a value"),
    Place("catalog.schema_change_events", "control tables", "names and types of columns"),
    Place("catalog.tombstone_events", "control tables", "keys in clear until they are erased, then their digests"),
    Place("catalog.vector_generations", "control tables", "names of indexes and sizes"),
    Place("catalog.vector_index_events", "control tables", "names of indexes, datasets and columns"),
)

# What is neither a file nor a table; a snapshot and a session are states of the same process and lake.
ELSEWHERE = (
    Place("snapshots of the lake", "snapshots", "older states of every table, readable by time travel"),
    Place("statistics in the catalog", "catalog", "a column's least and greatest value in each file"),
    Place("tables in memory", "hot cache", "copies of pinned datasets"),
    Place("mapped files", "index generations", "a generation that searches still hold"),
    Place("open transactions and results", "sessions", "what a client reads, or has yet to fetch"),
)


def place_of_file(path: PurePosixPath) -> Place | None:
    """path: below the data folder."""
    return next((place for place in FILES if _fits(path.parts, place.pattern.split("/"))), None)


def place_of_table(schema: str, table: str) -> Place | None:
    """A user's table is covered as the dataset that it is, for its own erasure and as another one's neighbour."""
    if schema.lower() not in CONTROL_SCHEMAS:
        return Place(
            f"{schema}.*", "dataset", "a dataset's live rows; to the erasure of another, one of other datasets"
        )
    name = f"{schema}.{table}".lower()
    return next((place for place in TABLES if fnmatchcase(name, place.pattern)), None)


def files(data: Path) -> Iterator[tuple[str, Place | None]]:
    """Every file below the data folder, and its place. Files may go while this looks."""
    for folder, _, names in os.walk(data):
        for name in names:
            path = PurePosixPath(Path(folder, name).relative_to(data).as_posix())
            yield str(path), place_of_file(path)


def tables(cursor: LakeCursor) -> Iterator[tuple[str, Place | None]]:
    """Every table of the lake as schema.table, and its place."""
    for schema, table in cursor.rows(SQL["tables"]):
        yield f"{schema}.{table}", place_of_table(str(schema), str(table))


def _fits(parts: tuple[str, ...], pattern: list[str]) -> bool:
    if pattern[-1] == "**":
        pattern, parts = pattern[:-1], parts[: len(pattern) - 1]
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))
