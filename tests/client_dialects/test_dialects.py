"""Packages that speak SQL over ADBC, unchanged: each check of `checks/`, run in an environment of its own."""

import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness import PASSWORD, Server

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
CHECKS = sorted((HERE / "checks").glob("*_checks.py"))
INSTALL_S_MAX, RUN_S_MAX = 400.0, 150.0

Results = Mapping[str, str | None]
"""File::check → what went wrong, or None."""


def declared() -> list[str]:
    return [
        f"{path.stem}::{line.removeprefix('def ').partition('(')[0]}"
        for path in CHECKS
        for line in path.read_text().splitlines()
        if line.startswith("def test_")
    ]


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with the locked packages, kept for as long as the lock is the same."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lakehouse-tests" / f"dialects-{digest}"
    interpreter, done = folder / "bin/python", folder / ".done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=INSTALL_S_MAX)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        install = subprocess.run(
            [*pip, "--require-hashes", "-r", str(LOCK)], capture_output=True, text=True, timeout=INSTALL_S_MAX
        )
        assert install.returncode == 0, install.stderr[-3000:]
        done.touch()
    return interpreter


@pytest.fixture(scope="module")
def results(server: Server, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    report = tmp_path_factory.mktemp("dialects") / "report.xml"
    settings = ["-c", os.devnull, "--rootdir", str(HERE), "--noconftest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [str(python), "-m", "pytest", "-q", *settings, "--junitxml", str(report), *map(str, CHECKS)],
        cwd=report.parent,
        env=os.environ
        | {"LAKEHOUSE_TEST_ADDRESS": f"127.0.0.1:{server.port}", "LAKEHOUSE_TEST_PASSWORD": PASSWORD}
        | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
    )
    assert report.exists(), run.stdout[-3000:] + run.stderr[-3000:]
    cases = ET.parse(report).getroot().iter("testcase")
    return {f"{(case.get('classname') or '').rpartition('.')[2]}::{case.get('name')}": _problem(case) for case in cases}


def _problem(case: ET.Element) -> str | None:
    for kind in ("failure", "error", "skipped"):
        if (element := case.find(kind)) is not None:
            return element.text or element.get("message") or kind
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", declared())
def test_dialect(results: Results, name: str) -> None:
    assert name in results, "it did not run"
    assert results[name] is None, results[name]
