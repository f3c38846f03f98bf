"""The demo's server: a child process, started in its data folder and stopped with the demo."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
READY = "ready "
STOP_S_MAX = 60.0
LOG_LINES_SHOWN = 20


class ServerStartError(Exception):
    """The server ended before it was ready; the text is the end of its log."""


def serve_command(data: Path, port: int) -> list[str]:
    return [
        sys.executable,
        *("-m", "server", "serve"),
        *("--data", str(data)),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
    ]


@contextmanager
def running(command: Sequence[str], variables: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run the server while the context lasts; yields its address, such as grpc://127.0.0.1:31337.

    variables: added to this process's environment. log: where its stderr goes, appended. Raises ServerStartError.
    """
    with log.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            command,
            cwd=PROJECT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C in the terminal is the demo's: it then stops the server in order.
            start_new_session=True,
        )
    try:
        yield _address(process, log)
    finally:
        _stop(process)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None  # noqa: S101 - stdout=PIPE above
    for line in process.stdout:
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
    raise ServerStartError(_last_lines(log))


def _last_lines(log: Path) -> str:
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, LOG_LINES_SHOWN)).strip() or "it said nothing"


def _stop(process: subprocess.Popen[str]) -> None:
    """SIGTERM, and SIGKILL for a server that has not ended after STOP_S_MAX seconds."""
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
