"""Small processes that a bench starts beside the server: they print one line when ready, and end with their stdin."""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Process:
    """`python -m MODULE WORD …` of ours. Its stderr is kept in a file: a pipe that nobody reads fills up."""

    def __init__(self, module: str, *words: str, environment: Mapping[str, str] | None = None) -> None:
        self._module = module
        self._err = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by stop
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._err,
            text=True,
        )
        self.pid = self._process.pid

    @cached_property
    def ready(self) -> str:
        """Its first line, waited for. Raises RuntimeError as `read` does."""
        return self.read()

    def write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def read(self) -> str:
        """Its next line. Raises RuntimeError with the last thing it wrote to stderr if it ends instead."""
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line.rstrip("\n")
        self._process.wait()
        self._err.seek(0)
        lines = self._err.read().strip().splitlines()
        self.stop()
        raise RuntimeError(lines[-1] if lines else f"{self._module} ended without a word")

    def stop(self) -> None:
        """End its stdin and wait for it; calling it again does nothing."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.communicate()
            self._err.close()


def cpu_s(pid: int) -> float:
    """CPU seconds that a process of ours has used so far, to the nanosecond. Raises OSError; Linux only."""
    clock = ctypes.c_int()
    if status := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise OSError(status, os.strerror(status))
    return time.clock_gettime(clock.value)
