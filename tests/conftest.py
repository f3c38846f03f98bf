"""Fixtures: one server for the tests that share it, and connections to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from server.ai.minilm import MiniLM
from tests.harness import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that many tests share: each uses names of its own and leaves settings alone."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture
def connection(server: Server) -> Iterator[dbapi.Connection]:
    """An autocommit connection to the shared server."""
    opened = server.connect()
    yield opened
    opened.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder for a server of the test's own."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built-in model is converted to, once per test run."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def minilm(model_cache: Path) -> MiniLM:
    return MiniLM(model_cache)
