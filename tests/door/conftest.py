"""Fixtures of the front door's tests."""

from collections.abc import Iterator

import pytest

from tests.door.bare import Bare
from tests.harness import Server


@pytest.fixture
def bare(server: Server) -> Iterator[Bare]:
    """A bare Flight client with a session of its own on the shared server."""
    with Bare(server) as client:
        yield client
