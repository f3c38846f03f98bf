"""Fixtures of these tests: a server that is watched in every way, and a client of it."""

from collections.abc import Iterator

import pytest

from tests.door.bare import Bare
from tests.harness import Server
from tests.lake.conftest import on_postgres, postgres
from tests.observability.receiver import Receiver

__all__ = ["on_postgres", "postgres"]


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="package")
def watched(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    """A server of this package's own, with metrics and traces: nobody else adds to its counts."""
    flags = ["--metrics-port", "0", "--otel-endpoint", receiver.address]
    quick = {"OTEL_BSP_SCHEDULE_DELAY": "50"}  # milliseconds between batches
    with Server(tmp_path_factory.mktemp("watched") / "data", *flags, environment=quick) as running:
        yield running


@pytest.fixture
def bare(watched: Server) -> Iterator[Bare]:
    with Bare(watched) as client:
        yield client
