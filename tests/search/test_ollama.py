"""A server whose models are an Ollama service's: embeddings, answers, and a service that fails."""

from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.ai.ollama_stand_in import CHAT_MODEL, EMBEDDING_MODEL, Failure, OllamaStandIn
from tests.harness import Server, query
from tests.search.conftest import ollama_flags
from tests.search.notes import ANIMALS, documents, indexed_animals, make_index, make_texts


def test_texts_are_embedded_by_the_service_and_found(ollama_server: Server, service: OllamaStandIn) -> None:
    with ollama_server.connect() as connection:
        indexed_animals(connection, "pets")
        assert set(ANIMALS.values()) <= set(service.embedded())
        assert documents(connection, "pets", ANIMALS[3], 1) == ["3"]
        (shown,) = query(connection, "SELECT model, dimension FROM catalog.vector_indexes").to_pylist()
        assert shown == {"model": EMBEDDING_MODEL, "dimension": service.dimension}
        (row,) = query(connection, "SELECT len(embed('a cat')) AS n").to_pylist()
        assert row["n"] == service.dimension


def test_refresh_embeds_only_what_is_new_and_a_text_once(ollama_server: Server, service: OllamaStandIn) -> None:
    with ollama_server.connect() as connection:
        indexed_animals(connection, "pets")
        service.requests.clear()
        query(connection, "INSERT INTO pets VALUES (6, 'A new text.'), (7, 'A new text.'), (8, ?)", (ANIMALS[1],))
        query(connection, "UPDATE pets SET id = 20 WHERE id = 2")
        query(connection, "CALL refresh_index(name := 'pets', wait := true)")
        assert service.embedded() == ["A new text."]
        assert sorted(documents(connection, "pets", "anything")) == ["1", "20", "3", "4", "5", "6", "7", "8"]


def test_an_answer_of_the_chat_model_keeps_the_citations_that_exist(
    ollama_server: Server, service: OllamaStandIn
) -> None:
    service.reply = lambda _: "The cat sleeps [1]. Nobody knows why [9]."
    with ollama_server.connect() as connection:
        indexed_animals(connection, "pets")
        (row,) = query(connection, "SELECT * FROM rag('pets', 'cat sleeps windowsill', k := 3)").to_pylist()
        assert row["answer"] == "The cat sleeps [1]. Nobody knows why."
        assert row["model"] == CHAT_MODEL
        (citation,) = row["citations"]
        assert (citation["n"], citation["doc_id"], citation["quote"]) == (1, "1", ANIMALS[1])


def test_an_answer_without_citations_cites_all_it_was_given(ollama_server: Server, service: OllamaStandIn) -> None:
    service.reply = lambda _: "It sleeps."
    with ollama_server.connect() as connection:
        indexed_animals(connection, "pets")
        (row,) = query(connection, "SELECT * FROM rag('pets', 'cat', k := 2)").to_pylist()
        assert row["answer"] == "It sleeps."
        assert [citation["n"] for citation in row["citations"]] == [1, 2]


def test_a_missing_model_names_the_command_that_installs_it(data: Path, service: OllamaStandIn) -> None:
    with Server(data, *ollama_flags(service.url, "absent")) as server, server.connect() as connection:
        make_texts(connection, "pets", dict(ANIMALS))
        with pytest.raises(dbapi.Error, match="ollama pull absent"):
            make_index(connection, "pets")
        assert query(connection, "SELECT * FROM catalog.vector_indexes").num_rows == 0
        with pytest.raises(dbapi.Error, match=r"ollama pull absent.*\[provider_unavailable\]"):
            query(connection, "SELECT embed('x')")


def test_a_failing_service_fails_the_job_after_its_retries_and_a_refresh_recovers(
    ollama_server: Server, service: OllamaStandIn
) -> None:
    with ollama_server.connect() as connection:
        make_texts(connection, "pets", dict(ANIMALS))
        query(connection, "SELECT embed('a word')")  # the dimension is known: the index is defined without a request
        service.fail_next(Failure.STATUS_500, times=6)
        with pytest.raises(dbapi.Error, match=r"the runner stopped \[provider_unavailable\]"):
            make_index(connection, "pets")
        (job,) = query(connection, "SELECT status, attempt, message FROM catalog.jobs").to_pylist()
        assert (job["status"], job["attempt"]) == ("failed", 2)
        assert "the runner stopped" in job["message"]
        with pytest.raises(dbapi.Error, match="nothing to search yet"):
            documents(connection, "pets", "cat")
        query(connection, "CALL refresh_index(name := 'pets', wait := true)")
        assert documents(connection, "pets", ANIMALS[3], 1) == ["3"]


def test_a_failure_that_passes_is_retried_within_the_job(ollama_server: Server, service: OllamaStandIn) -> None:
    with ollama_server.connect() as connection:
        make_texts(connection, "pets", dict(ANIMALS))
        query(connection, "SELECT embed('a word')")
        service.fail_next(Failure.DROPPED, times=3)
        assert make_index(connection, "pets")["status"] == "ready"
        (job,) = query(connection, "SELECT status, attempt FROM catalog.jobs").to_pylist()
        assert job == {"status": "succeeded", "attempt": 2}


def test_a_service_that_is_down_is_named_and_search_by_vector_goes_on(data: Path) -> None:
    with (
        OllamaStandIn(dimension=256) as service,
        Server(data, *ollama_flags(service.url)) as server,
        server.connect() as connection,
    ):
        indexed_animals(connection, "pets")
        vector = query(connection, "SELECT embed(?) AS v", (ANIMALS[3],))["v"][0].as_py()
    with Server(data, *ollama_flags(service.url)) as server, server.connect() as connection:
        with pytest.raises(dbapi.Error, match=r"cannot be reached: start it.*ollama_url.*\[provider_unavailable\]"):
            documents(connection, "pets", "cat")
        assert documents(connection, "pets", vector, 1) == ["3"]
        assert query(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_an_index_of_another_model_is_searched_by_vector_only(data: Path, service: OllamaStandIn) -> None:
    with Server(data, *ollama_flags(service.url)) as server, server.connect() as connection:
        indexed_animals(connection, "pets")
    with Server(data) as server, server.connect() as connection:
        message = f"model {EMBEDDING_MODEL} is not configured here: this server embeds with all-MiniLM-L6-v2"
        with pytest.raises(dbapi.Error, match=message):
            documents(connection, "pets", "cat")
        assert documents(connection, "pets", service.vector(ANIMALS[3]), 1) == ["3"]
        query(connection, "INSERT INTO pets VALUES (6, 'A new text.')")
        with pytest.raises(dbapi.Error, match=message):
            query(connection, "CALL refresh_index(name := 'pets', wait := true)")
        assert documents(connection, "pets", service.vector(ANIMALS[3]), 1) == ["3"]
