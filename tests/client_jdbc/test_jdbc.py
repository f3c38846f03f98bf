"""The Arrow Flight SQL JDBC driver: each Java test of this folder, run once by Maven against a real server."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.harness import PASSWORD, Server

HERE = Path(__file__).parent
SOURCES = HERE / "src/test/java/lakehouse"
RUN_S_MAX = 280.0
UNFETCHED = ("Could not transfer", "Could not resolve", "Could not find artifact")

Results = Mapping[str, list[str | None]]
"""Class.method → for each run of it what went wrong, or None."""


def declared() -> list[str]:
    """Class.method of each Java test, from the sources: known before anything runs."""
    found = []
    for source in sorted(SOURCES.glob("*Test.java")):
        lines = [line.strip() for line in source.read_text().splitlines()]
        marked = False
        for line in lines:
            marked |= line in ("@Test", "@ParameterizedTest")
            if marked and line.startswith("void "):
                found.append(f"{source.stem}.{line.removeprefix('void ').partition('(')[0]}")
                marked = False
    return found


@pytest.fixture(scope="module")
def results(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Results:
    for program in ("mvn", "java"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    build = tmp_path_factory.mktemp("jdbc")
    address = f"127.0.0.1:{server.port}"
    run = subprocess.run(
        ["mvn", "-q", "-B", "test", f"-Dbuild.folder={build}", "-Dmaven.test.failure.ignore=true"],
        cwd=HERE,
        env=os.environ | {"LAKEHOUSE_TEST_ADDRESS": address, "LAKEHOUSE_TEST_PASSWORD": PASSWORD},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
    )
    if run.returncode and any(words in run.stdout for words in UNFETCHED):
        pytest.skip("the driver and JUnit can't be fetched by Maven")
    assert run.returncode == 0, run.stdout[-4000:]
    return dict(_reports(build / "surefire-reports"))


def _reports(folder: Path) -> Iterator[tuple[str, list[str | None]]]:
    found: dict[str, list[str | None]] = {}
    for path in folder.glob("TEST-*.xml"):
        for case in ET.parse(path).getroot().iter("testcase"):
            # A test with parameters is reported once for each: method(String)[1].
            method = (case.get("name") or "").partition("(")[0].partition("[")[0].partition("{")[0]
            name = f"{(case.get('classname') or '').rpartition('.')[2]}.{method}"
            found.setdefault(name, []).append(_problem(case))
    yield from found.items()


def _problem(case: ET.Element) -> str | None:
    for kind in ("failure", "error", "skipped"):
        if (element := case.find(kind)) is not None:
            return f"{case.get('name')}: {element.get('message') or kind}\n{element.text or ''}"
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", declared())
def test_jdbc(results: Results, name: str) -> None:
    assert name in results, "it did not run"
    problems = [problem for problem in results[name] if problem is not None]
    assert not problems, "\n".join(problems)
