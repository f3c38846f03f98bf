"""The ADBC Flight SQL driver for Go: each Go test of this folder, run once by `go test` against a real server."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness import PASSWORD, Server

HERE = Path(__file__).parent
RUN_S_MAX = 290.0  # building the driver takes a minute where it was never built

Outcome = tuple[str, str]
"""How a test ended (pass, fail, skip), and what it printed."""


def declared() -> list[str]:
    """The names of the Go tests, from the sources: known before anything runs."""
    lines = [line for source in sorted(HERE.glob("*_test.go")) for line in source.read_text().splitlines()]
    return [line.removeprefix("func ").partition("(")[0] for line in lines if line.startswith("func Test")]


@pytest.fixture(scope="module")
def results(server: Server) -> Mapping[str, Outcome]:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    if subprocess.run(["go", "mod", "download"], cwd=HERE, capture_output=True, timeout=RUN_S_MAX).returncode:
        pytest.skip("the driver's module can't be fetched")
    run = subprocess.run(
        ["go", "test", "-json", "-count=1", "./..."],
        cwd=HERE,
        env=os.environ | {"LAKEHOUSE_TEST_URI": server.uri, "LAKEHOUSE_TEST_PASSWORD": PASSWORD},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
    )
    found = _outcomes(run.stdout)
    assert found, run.stdout[-2000:] + run.stderr[-2000:]
    return found


def _outcomes(lines: str) -> dict[str, Outcome]:
    ended: dict[str, Outcome] = {}
    printed: dict[str, str] = {}
    for line in lines.splitlines():
        event = json.loads(line)
        name = event.get("Test", "")
        if event["Action"] == "output":
            printed[name] = printed.get(name, "") + event["Output"]
        elif name and event["Action"] in ("pass", "fail", "skip"):
            ended[name] = (event["Action"], printed.get(name, ""))
    return ended


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", declared())
def test_go(results: Mapping[str, Outcome], name: str) -> None:
    assert name in results, "it did not run"
    action, printed = results[name]
    assert action == "pass", printed
