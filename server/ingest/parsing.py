"""Read a file through a process of its own and hand its rows on as an Arrow stream."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from server.config import Settings
from server.errors import InvalidArgument, LakehouseError, LimitExceeded

STDERR_BYTES_MAX = 64 << 10


@contextmanager
def rows_of(
    settings: Settings, path: Path, file_format: str, name: str, types: Mapping[str, str]
) -> Iterator[pa.RecordBatchReader]:
    """Yield the file's rows; when the block ends, the whole file has been read without error.

    name: what errors call the file. types: DuckDB types of columns that are already known.
    Raises InvalidArgument with place and reason, LimitExceeded for a file that takes too long; in the block too, where
    DuckDB makes another error of what the stream raised.
    """
    request = {
        "path": str(path),
        "format": file_format,
        "name": name,
        "types": dict(types),
        "memory_bytes_max": settings.parse_memory_bytes_max,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "server.ingest.reading"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    timed_out = threading.Event()

    def give_up() -> None:
        timed_out.set()
        _kill(child)

    timer = threading.Timer(settings.parse_s_max, give_up)
    timer.start()
    reader = _Reader(child, name, timed_out)
    try:
        reader.start(request)
        try:
            yield reader.stream()
        except LakehouseError as error:
            raise reader.error or error from None
        reader.finish()
    finally:
        timer.cancel()
        _kill(child)
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        child.wait()


class _Reader:
    def __init__(self, child: "subprocess.Popen[bytes]", name: str, timed_out: threading.Event) -> None:
        self._child = child
        self._name = name
        self._timed_out = timed_out
        self.error: LakehouseError | None = None
        self._errors = b""
        self._drain = threading.Thread(target=self._read_errors, daemon=True)

    def start(self, request: Mapping[str, object]) -> None:
        self._drain.start()
        assert self._child.stdin is not None  # noqa: S101 - Popen was given PIPE
        with contextlib.suppress(BrokenPipeError):  # it ended at once: `finish` tells why
            self._child.stdin.write(json.dumps(request).encode())
            self._child.stdin.close()

    def stream(self) -> pa.RecordBatchReader:
        stdout: Any = self._child.stdout
        try:
            opened = pa.ipc.open_stream(stdout)
        except (pa.ArrowException, OSError, EOFError):
            self.finish()
            raise InvalidArgument(f"{self._name} could not be read") from None
        return pa.RecordBatchReader.from_batches(opened.schema, self._batches(opened))

    def finish(self) -> None:
        """Raise what the child had to say, if it did not read the file to its end."""
        status = self._child.wait()
        self._drain.join()
        if status != 0:
            self.error = self._reason(status)
            raise self.error

    def _reason(self, status: int) -> LakehouseError:
        if self._timed_out.is_set():
            return LimitExceeded("parse_s_max", f"{self._name} took too long to read")
        try:
            message = str(json.loads(self._errors)["message"])
        except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
            message = "the process that read it ended without a word"
            if -status in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
                message = f"the process that read it ended by signal {signal.Signals(-status).name}"
        return InvalidArgument(message if self._name in message else f"{self._name}: {message}")

    def _batches(self, opened: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from opened
        except (pa.ArrowException, OSError):
            self.finish()
            raise InvalidArgument(f"{self._name} could not be read to its end") from None
        self.finish()

    def _read_errors(self) -> None:
        assert self._child.stderr is not None  # noqa: S101 - Popen was given PIPE
        self._errors = self._child.stderr.read(STDERR_BYTES_MAX)


def _kill(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.kill()
