"""Servers that embed and answer through a stand-in of Ollama."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ai.ollama_stand_in import CHAT_MODEL, EMBEDDING_MODEL, OllamaStandIn
from tests.harness import Server


@pytest.fixture
def service() -> Iterator[OllamaStandIn]:
    with OllamaStandIn(dimension=256) as stand_in:
        yield stand_in


def ollama_flags(url: str, embedding_model: str = EMBEDDING_MODEL, chat_model: str = CHAT_MODEL) -> list[str]:
    """Flags of a server that uses the service, and retries and checkpoints fast."""
    flags = {
        "--embedding-provider": "ollama",
        "--embedding-model": embedding_model,
        "--chat-model": chat_model,
        "--ollama-url": url,
        "--checkpoint-s": "0.1",
        "--job-retries-max": "1",
    }
    return [part for pair in flags.items() for part in pair]


@pytest.fixture
def ollama_server(data: Path, service: OllamaStandIn) -> Iterator[Server]:
    with Server(data, *ollama_flags(service.url)) as server:
        yield server
