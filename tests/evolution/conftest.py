"""An operations client of the shared server."""

from collections.abc import Iterator

import pytest

from clients.python import Operations
from tests.harness import Server


@pytest.fixture
def operations(server: Server) -> Iterator[Operations]:
    with server.operations() as opened:
        yield opened
