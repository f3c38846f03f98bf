"""The Ollama providers against a local HTTP server that speaks Ollama's API and fails on demand."""

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from server.ai.ollama_provider import CONTEXT_TOKENS_MAX, OllamaChat, OllamaEmbeddings
from server.errors import Cancelled, InvalidArgument, ProviderUnavailable
from tests.ai.ollama_stand_in import CHAT_MODEL, EMBEDDING_MODEL, Failure, OllamaStandIn


@pytest.fixture
def service() -> Iterator[OllamaStandIn]:
    with OllamaStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def embeddings(service: OllamaStandIn) -> Iterator[OllamaEmbeddings]:
    with OllamaEmbeddings(service.url, EMBEDDING_MODEL, timeout_s=10) as provider:
        yield provider


@pytest.fixture
def chat(service: OllamaStandIn) -> Iterator[OllamaChat]:
    with OllamaChat(service.url, CHAT_MODEL, timeout_s=10) as provider:
        yield provider


def test_texts_are_embedded_in_order_and_in_batches(service: OllamaStandIn, embeddings: OllamaEmbeddings) -> None:
    texts = [f"text number {number}" for number in range(40)]
    vectors = embeddings.embed(texts)
    assert vectors.shape == (40, service.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert [len(body["input"]) for _, body in service.requests] == [16, 16, 8]
    expected = np.array([service.vector(text) for text in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_dimension_is_asked_for_once(service: OllamaStandIn, embeddings: OllamaEmbeddings) -> None:
    assert embeddings.dimension == service.dimension
    assert embeddings.dimension == service.dimension
    assert len(service.requests) == 1


def test_no_texts_give_no_rows_of_the_right_width(service: OllamaStandIn, embeddings: OllamaEmbeddings) -> None:
    assert embeddings.embed([]).shape == (0, service.dimension)


def test_blank_text_is_refused_before_the_service_is_asked(
    service: OllamaStandIn, embeddings: OllamaEmbeddings
) -> None:
    with pytest.raises(InvalidArgument, match="text 2 of 2 is blank"):
        embeddings.embed(["words", " \n"])
    assert service.requests == []


@pytest.mark.parametrize("failure", [Failure.STATUS_500, Failure.DROPPED])
def test_passing_failure_is_tried_again(service: OllamaStandIn, embeddings: OllamaEmbeddings, failure: Failure) -> None:
    service.fail_next(failure, times=2)
    assert len(embeddings.embed(["words"])) == 1
    assert len(service.requests) == 3


def test_lasting_failure_carries_what_the_service_said(service: OllamaStandIn, embeddings: OllamaEmbeddings) -> None:
    service.fail_next(Failure.STATUS_500, times=3)
    with pytest.raises(ProviderUnavailable, match=r"127\.0\.0\.1.*status 500: the runner stopped"):
        embeddings.embed(["words"])
    assert len(service.requests) == 3


def test_missing_model_names_the_command_that_installs_it(service: OllamaStandIn) -> None:
    with (
        OllamaEmbeddings(service.url, "absent", timeout_s=10) as embeddings,
        pytest.raises(ProviderUnavailable, match="`ollama pull absent`"),
    ):
        embeddings.embed(["words"])
    with (
        OllamaChat(service.url, "absent", timeout_s=10) as chat,
        pytest.raises(ProviderUnavailable, match="`ollama pull absent`"),
    ):
        chat.chat("system", "user")
    assert len(service.requests) == 2


def test_slow_service_is_given_up_once_naming_the_setting(service: OllamaStandIn) -> None:
    service.fail_next(Failure.HANGS)
    with (
        OllamaEmbeddings(service.url, EMBEDDING_MODEL, timeout_s=0.2) as embeddings,
        pytest.raises(ProviderUnavailable, match=r"within 0\.2 s \(setting 'model_s_max'\)"),
    ):
        embeddings.embed(["words"])
    assert len(service.requests) == 1


def test_service_that_is_not_there_names_url_and_setting_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for provider in (OllamaEmbeddings, OllamaChat):
        with (
            provider(f"http://ann:secret@127.0.0.1:{port}", "any", timeout_s=5) as service,
            pytest.raises(ProviderUnavailable, match=f"http://127.0.0.1:{port} cannot be reached.*ollama_url"),
        ):
            service.chat("s", "u") if isinstance(service, OllamaChat) else service.embed(["words"])


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Failure.MALFORMED_JSON, "not Ollama's"),
        (Failure.OTHER_JSON, "not Ollama's"),
        (Failure.RAGGED, "not Ollama's"),
        (Failure.EMPTY, "for 2 texts"),
        (Failure.TOO_FEW, "for 2 texts"),
        (Failure.ZERO_VECTOR, "zero or not finite"),
        (Failure.NOT_A_NUMBER, "zero or not finite"),
    ],
)
def test_useless_vectors_are_refused(
    service: OllamaStandIn, embeddings: OllamaEmbeddings, failure: Failure, message: str
) -> None:
    service.fail_next(failure)
    with pytest.raises(ProviderUnavailable, match=message):
        embeddings.embed(["one", "two"])
    assert embeddings.dimension == service.dimension  # nothing was learned from the bad answer


def test_vectors_of_another_dimension_than_before_are_refused(
    service: OllamaStandIn, embeddings: OllamaEmbeddings
) -> None:
    embeddings.embed(["words"])
    service.fail_next(Failure.WRONG_DIMENSION)
    with pytest.raises(ProviderUnavailable, match="in 32 dimensions and now in 31"):
        embeddings.embed(["words"])


def test_embedding_is_cancelled_between_batches(service: OllamaStandIn, embeddings: OllamaEmbeddings) -> None:
    with pytest.raises(Cancelled):
        embeddings.embed(["words"] * 40, cancelled=lambda: len(service.requests) == 2)
    assert len(service.requests) == 2


def test_address_that_is_none_names_the_setting() -> None:
    with pytest.raises(ProviderUnavailable, match="ollama_url"):
        OllamaChat("http://127.0.0.1:notaport", "any", timeout_s=1)


def test_chat_returns_the_whole_streamed_answer(service: OllamaStandIn, chat: OllamaChat) -> None:
    service.reply = lambda message: f" The answer to {message} is [1]. "
    assert chat.chat("be brief", "forty two") == "The answer to forty two is [1]."
    messages = service.requests[0][1]["messages"]
    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "be brief"),
        ("user", "forty two"),
    ]


def test_chat_recovers_from_a_passing_failure(service: OllamaStandIn, chat: OllamaChat) -> None:
    service.fail_next(Failure.STATUS_500)
    assert chat.chat("s", "hello") == "hello"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Failure.EMPTY, "empty answer"),
        (Failure.BREAKS_OFF, "broke off"),
        (Failure.ERROR_HALFWAY, "out of memory"),
        (Failure.MALFORMED_JSON, "not Ollama's"),
        (Failure.OTHER_JSON, "not Ollama's"),
    ],
)
def test_useless_chat_answer_is_refused(
    service: OllamaStandIn, chat: OllamaChat, failure: Failure, message: str
) -> None:
    service.fail_next(failure)
    with pytest.raises(ProviderUnavailable, match=message):
        chat.chat("s", "some words")


def test_chat_is_cancelled_between_tokens(service: OllamaStandIn, chat: OllamaChat) -> None:
    checks = iter([False, False, False, True])
    with pytest.raises(Cancelled):
        chat.chat("s", "a longer answer of many tokens", cancelled=lambda: next(checks))


def test_long_prompt_asks_for_a_context_that_holds_it(service: OllamaStandIn, chat: OllamaChat) -> None:
    service.reply = lambda message: "done"
    for words in (10, 5_000, 500_000):
        chat.chat("s", "word " * words)
    asked = [body["options"].get("num_ctx") for _, body in service.requests]
    assert asked == [None, 16_384, CONTEXT_TOKENS_MAX]
