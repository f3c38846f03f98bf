"""Fixtures of the front door's tests."""

from collections.abc import Iterator

import pytest

from tests.door.bare import Bare
from tests.harness import Server


@pytest.fixture(scope="module")
def bare_for_all(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        yield client


@pytest.fixture
def bare(bare_for_all: Bare) -> Bare:
    """A bare Flight client on the shared server, with a session that the module's tests share."""
    return bare_for_all


@pytest.fixture
def bare_alone(server: Server) -> Iterator[Bare]:
    """The same with a session of the test's own."""
    with Bare(server) as client:
        yield client
