"""The built-in model, converted once per test run."""

from pathlib import Path

import pytest

from server.ai.minilm import MiniLM


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def minilm(model_cache: Path) -> MiniLM:
    return MiniLM(model_cache)
