"""Logs that a test opens and closes as often as it likes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.appendlog.log import AppendLog

Opening = Callable[..., AppendLog]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    return tmp_path / "log"


@pytest.fixture
def opened(folder: Path) -> Iterator[Opening]:
    """Open the log in `folder`; each is closed at the end of the test."""
    logs: list[AppendLog] = []

    def open_log(bytes_max: int = 1 << 30, segment_bytes: int = 1 << 20) -> AppendLog:
        logs.append(AppendLog(folder, bytes_max, 0.01, segment_bytes))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()
