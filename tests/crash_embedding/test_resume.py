"""SIGKILL while texts are embedded: what was committed is never embedded again, and the index ends up complete."""

import time
from pathlib import Path

from server.config import Settings
from server.data_folder import DataFolder
from server.engine.engine import Engine
from tests.ai.ollama_stand_in import EMBEDDING_MODEL, OllamaStandIn
from tests.harness import Server

ROWS = 600
KILLS = 3
INDEX = "CALL create_index(name := 'notes', dataset := 'notes', key_column := 'id', text_columns := ['body'])"


def committed(data: Path) -> list[str]:
    """The texts whose vectors the lake of a stopped server holds."""
    engine = Engine(Settings(data=data), DataFolder(data))
    try:
        rows = engine.read(lambda cursor: cursor.rows("SELECT chunk_text FROM lakehouse.vectors.notes"))
        return [str(row[0]) for row in rows]
    finally:
        engine.close()


def wait_until_embedded(service: OllamaStandIn, count: int) -> None:
    ends_at = time.monotonic() + 60
    while len(service.embedded()) < count:
        assert time.monotonic() < ends_at, f"{len(service.embedded())} texts embedded, {count} expected"
        time.sleep(0.005)


def test_committed_chunks_are_never_embedded_again_after_sigkill(data: Path) -> None:
    with OllamaStandIn(dimension=1024) as service:
        service.embed_s = 0.03
        flags = ["--embedding-provider", "ollama", "--embedding-model", EMBEDDING_MODEL]
        flags += ["--ollama-url", service.url, "--checkpoint-s", "0.1"]
        server = Server(data, *flags).start()
        server.rows(f"CREATE TABLE notes AS SELECT i AS id, 'note number ' || i || '.' AS body FROM range({ROWS}) t(i)")
        (made,) = server.rows(INDEX)
        done: set[str] = set()
        for kill in range(KILLS):
            wait_until_embedded(service, len(service.embedded()) + 140 + 10 * kill)
            server.kill()
            now = committed(data)
            assert len(now) == len(set(now)), "a chunk has two rows"
            assert done <= set(now), "a committed chunk was lost"
            assert len(done) < len(now) < ROWS, "each run must commit something and none may finish"
            done = set(now)
            before = len(service.embedded())
            server.start()
            wait_until_embedded(service, before + 1)
            assert not done.intersection(service.embedded()[before:]), "a committed chunk is embedded again"
        with server.operations() as operations:
            *_, last = operations.watch(made["job_id"], poll_s=0.1)
        assert (last.status, last.done, last.total) == ("succeeded", ROWS, ROWS)
        assert not done.intersection(service.embedded()[before:])
        check_complete(server)
        server.stop()
        everything = committed(data)
        assert len(everything) == ROWS
        assert set(everything) == {f"note number {i}." for i in range(ROWS)}


def check_complete(server: Server) -> None:
    assert server.rows("SELECT status, row_count, document_count FROM catalog.vector_indexes") == [
        {"status": "ready", "row_count": ROWS, "document_count": ROWS}
    ]
    found = server.rows("SELECT doc_id, score FROM vector_search('notes', 'note number 321.', k := 10)")
    assert "321" in [row["doc_id"] for row in found if row["score"] > 0.9999]
    assert server.rows("SELECT attempt FROM catalog.jobs") == [{"attempt": 1 + KILLS}]
