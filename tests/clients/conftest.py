"""The stand-in server and the command line pointed at it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from clients.cli.root import cli
from tests.clients.stand_in import PASSWORD, StandIn

Run = Callable[..., Result]


def _echo(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"argument": name, "value": json.dumps(value)} for name, value in arguments.items()]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    results = {
        "SELECT two": pa.table({"n": pa.array([1, None], pa.int64()), "word": ["one", 'a "b", c']}),
        "SELECT many": pa.table({"n": pa.array(range(5_000), pa.int64())}),
    }
    server = StandIn({"echo": _echo, "ingest_file": _echo, "nothing": lambda arguments: []}, results)
    yield server
    server.shutdown()
    server.wait()


@pytest.fixture
def run(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line with the given words, as user admin at the stand-in."""
    monkeypatch.setenv("LAKEHOUSE_PASSWORD", PASSWORD)
    monkeypatch.setenv("LAKEHOUSE_URI", stand_in.uri)

    def invoke(*words: str, **options: Any) -> Result:
        return CliRunner().invoke(cli, words, **options)

    return invoke
