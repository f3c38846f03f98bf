"""Background jobs: progress while they run, the way they stop, and who waits for them."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.python import LakehouseError
from tests.ai.ollama_stand_in import EMBEDDING_MODEL, OllamaStandIn
from tests.harness import Server

ROWS = 400


@pytest.fixture
def service() -> Iterator[OllamaStandIn]:
    with OllamaStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def server(data: Path, service: OllamaStandIn) -> Iterator[Server]:
    """A server that embeds slowly enough to look on, with a dataset to index."""
    service.embed_s = 0.05
    flags = ["--embedding-provider", "ollama", "--embedding-model", EMBEDDING_MODEL]
    with Server(data, *flags, "--ollama-url", service.url, "--checkpoint-s", "0.1") as server:
        server.rows(f"CREATE TABLE notes AS SELECT i AS id, 'note number ' || i AS body FROM range({ROWS}) t(i)")
        server.rows("CREATE TABLE few AS FROM notes WHERE id < 3")
        yield server


def create(server: Server, name: str, dataset: str = "notes", **more: Any) -> dict[str, Any]:
    with server.operations() as operations:
        (row,) = operations.call(
            "create_index", name=name, dataset=dataset, key_column="id", text_columns=["body"], **more
        )
    return row


def job(server: Server, subject: str) -> dict[str, Any]:
    (row,) = server.rows("SELECT * FROM catalog.jobs WHERE subject = ? ORDER BY queued_at DESC LIMIT 1", (subject,))
    return row


def wait_for(condition: Callable[[], Any]) -> None:
    ends_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def test_progress_grows_while_the_job_runs(server: Server, service: OllamaStandIn) -> None:
    made = create(server, "notes")
    assert made["status"] == "building"
    with server.operations() as operations:
        seen = list(operations.watch(made["job_id"], poll_s=0.02))
    counts = [reading.done for reading in seen if reading.status == "running" and reading.total == ROWS]
    between = {count for count in counts if count and count < ROWS}
    assert len(between) >= 2
    assert counts == sorted(counts, key=lambda count: count or 0)
    assert (seen[-1].status, seen[-1].done, seen[-1].total) == ("succeeded", ROWS, ROWS)
    ended = job(server, "notes")
    assert ended["queued_at"] <= ended["started_at"] < ended["finished_at"]


def test_a_job_stopped_with_the_server_goes_on_at_the_next_start_without_embedding_twice(
    server: Server, service: OllamaStandIn
) -> None:
    create(server, "notes")
    wait_for(lambda: len(service.embedded()) > 100)
    assert server.stop() == 0
    server.start()
    assert job(server, "notes")["attempt"] == 2
    wait_for(lambda: job(server, "notes")["status"] == "succeeded")
    texts = [text for text in service.embedded() if text.startswith("note")]
    assert set(texts) == {f"note number {i}" for i in range(ROWS)}
    # Of the one window that the stop interrupted, the batches before the last were lost.
    assert len(texts) - ROWS <= 128
    assert server.rows("SELECT row_count FROM catalog.vector_indexes") == [{"row_count": ROWS}]


def test_stopping_the_server_does_not_wait_for_a_caller_that_waits_for_a_job(
    server: Server, service: OllamaStandIn
) -> None:
    service.embed_s = 0.5
    errors: list[LakehouseError] = []

    def wait_for_the_index() -> None:
        try:
            create(server, "notes", wait=True)
        except LakehouseError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait_for_the_index)
    waiting.start()
    wait_for(lambda: len(service.embedded()) > 10)
    asked_at = len(service.embedded())
    assert server.stop() == 0
    waiting.join()
    assert len(errors) == 1
    assert "goes on at its next start" in errors[0].message
    assert len(service.embedded()) - asked_at <= 64, "the job stopped at its next check"


def test_dropping_an_index_ends_its_running_job(server: Server, service: OllamaStandIn) -> None:
    create(server, "notes")
    wait_for(lambda: len(service.embedded()) > 50)
    server.rows("CALL drop_index(name := 'notes')")
    embedded = len(service.embedded())
    ended = job(server, "notes")
    assert (ended["status"], ended["message"]) == ("cancelled", f"job {ended['job_id']} was cancelled")
    assert create(server, "again", "few", wait=True)["row_count"] == 3
    assert len(service.embedded()) - embedded <= 3 + 1
    assert server.rows("SELECT index_name FROM catalog.vector_indexes") == [{"index_name": "again"}]


def test_dropping_an_index_whose_job_waits_in_the_queue_is_quick(server: Server, service: OllamaStandIn) -> None:
    create(server, "notes")
    create(server, "few", "few")
    wait_for(lambda: job(server, "notes")["status"] == "running")
    assert job(server, "few")["status"] == "queued"
    server.rows("CALL drop_index(name := 'few')")
    assert job(server, "few")["status"] == "cancelled"
    assert job(server, "notes")["status"] == "running", "the drop did not wait for the job before it"
    wait_for(lambda: job(server, "notes")["status"] == "succeeded")
    assert server.rows("SELECT index_name FROM catalog.vector_indexes") == [{"index_name": "notes"}]


def test_refreshes_that_wait_in_the_queue_are_one_job(server: Server, service: OllamaStandIn) -> None:
    first = create(server, "notes")["job_id"]
    wait_for(lambda: job(server, "notes")["status"] == "running")
    with server.operations() as operations:
        queued = {operations.call("refresh_index", name="notes")[0]["job_id"] for _ in range(3)}
        assert len(queued) == 1
        assert first not in queued, "the running job may have read the dataset already"
        *_, last = operations.watch(queued.pop(), poll_s=0.05)
    assert last.status == "succeeded"
    assert len([text for text in service.embedded() if text.startswith("note")]) == ROWS


def test_a_waiting_statement_that_is_cancelled_leaves_the_job_alone(server: Server, service: OllamaStandIn) -> None:
    connection = server.connect()
    cursor = connection.cursor()
    arguments = "name := 'notes', dataset := 'notes', key_column := 'id', text_columns := ['body'], wait := true"
    failed: list[Exception] = []

    def run() -> None:
        try:
            cursor.execute(f"CALL create_index({arguments})")
            cursor.fetchall()
        except Exception as error:  # noqa: BLE001 - whatever the driver makes of its cancellation
            failed.append(error)

    waiting = threading.Thread(target=run)
    waiting.start()
    wait_for(lambda: len(service.embedded()) > 50)
    cursor.adbc_cancel()
    waiting.join()
    assert len(failed) == 1
    assert job(server, "notes")["status"] == "running"
    wait_for(lambda: job(server, "notes")["status"] == "succeeded")
    cursor.close()
