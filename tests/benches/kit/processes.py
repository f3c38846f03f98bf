"""Small processes that a bench starts beside the server: they print one line when ready, and end with their stdin."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Of the fields in /proc/PID/stat that follow the process name: user time and system time, in clock ticks.
USER_TIME, SYSTEM_TIME = 11, 12


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
    """CPU seconds that a process has used so far, in steps of a clock tick (10 ms). Linux only: raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])) / os.sysconf("SC_CLK_TCK")
