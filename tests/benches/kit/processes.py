"""Small processes that a bench starts beside the server: they print one line when ready, and end with their stdin."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Process:
    """`python -m MODULE` of ours. Raises RuntimeError with what it wrote if it ends before it is ready."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.ready = self._process.stdout.readline().strip()
        if not self.ready:
            _, err = self._process.communicate()
            raise RuntimeError((err.strip().splitlines() or [f"{module} ended at once"])[-1])
        self.pid = self._process.pid

    def stop(self) -> None:
        self._process.communicate()


def cpu_s(pid: int) -> float:
    """CPU seconds that a process of ours has used so far, to the nanosecond. Raises OSError; Linux only."""
    clock = ctypes.c_int()
    if status := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise OSError(status, os.strerror(status))
    return time.clock_gettime(clock.value)
