"""SIGKILL during the very first start: the next one finishes what it began."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.harness import PASSWORD, ROOT, Server

KILLS = 8


def start(data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--data", str(data), "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"LAKEHOUSE_ADMIN_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def wait_for_folder(data: Path, process: "subprocess.Popen[str]") -> float:
    """Python imports for a second before anything happens: count from the moment that something does."""
    while not data.exists():
        assert process.poll() is None
        time.sleep(0.0005)
    return time.monotonic()


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_start_that_was_killed_at_any_moment_is_taken_up_by_the_next(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")
    began = wait_for_folder(tmp_path / "whole", whole)
    assert whole.stdout is not None
    assert whole.stdout.readline().startswith("ready ")
    took_s = time.monotonic() - began
    kill(whole)
    data, files = tmp_path / "killed", set[int]()
    for number in range(KILLS):
        # Each folder is killed twice in its first moments, then used.
        if number % 2 == 0:
            data = tmp_path / f"killed_{number}"
        process = start(data)
        began = wait_for_folder(data, process) if number % 2 == 0 else time.monotonic() + 0.7
        time.sleep(max(0.0, began + took_s * number / KILLS - time.monotonic()))
        kill(process)
        files.add(len(list(data.rglob("*"))))
        if number % 2:
            with Server(data) as server:
                assert server.rows("SELECT count(*) AS n FROM catalog.migrations WHERE version = 1") == [{"n": 1}]
                assert len(server.rows("SELECT name FROM catalog.principals")) == 1
                server.rows("CREATE TABLE t AS SELECT 1 AS a")
    assert len(files) > 2, "all kills came at the same moment: the test shows nothing"
