"""Group commit: who waits is served together, who does not wait is served soon, and a refusal reaches who waited."""

import errno
import os
import threading
import time
from collections.abc import Callable

import pytest

from server.errors import LogUnavailable
from tests.appendlog.conftest import Opening

A = 1
THREADS, EACH = 8, 30


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each fdatasync."""
    calls: list[int] = []
    real = os.fdatasync

    def counted(descriptor: int) -> None:
        real(descriptor)
        calls.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", counted)
    return calls


def all_at_once(work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_fsync_serves_all_who_wait(opened: Opening, syncs: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    log, counted = opened(), os.fdatasync

    def slow(descriptor: int) -> None:
        time.sleep(0.002)  # as a disk that turns
        counted(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    all_at_once(lambda: [log.append(A, b"x", durable=True) for _ in range(EACH)])
    assert len(log.read(A, 0, 10_000)) == THREADS * EACH
    assert EACH <= len(syncs) < THREADS * EACH / 2


def test_append_that_waits_returns_after_its_own_bytes_are_synced(opened: Opening, syncs: list[int]) -> None:
    log = opened()
    size = 0
    for _ in range(20):
        log.append(A, b"x" * 50, durable=True)
        assert syncs[-1] > size
        size = syncs[-1]


def test_record_that_nobody_waits_for_is_synced_soon(opened: Opening, syncs: list[int]) -> None:
    log = opened()
    log.append(A, b"x" * 50)
    deadline = time.monotonic() + 10
    while not syncs or syncs[-1] < 50:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_fsync_that_fails_is_told_to_who_waits_and_the_log_goes_on_in_another_file(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened()
    log.append(A, b"before", durable=True)
    real = os.fdatasync

    def refused(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", refused)
    failures: list[str] = []

    def append() -> None:
        try:
            log.append(A, b"refused", durable=True)
        except LogUnavailable as error:
            failures.append(str(error))

    all_at_once(append)
    assert len(failures) == THREADS
    assert log.failed
    monkeypatch.setattr(os, "fdatasync", real)
    log.check()
    log.append(A, b"after", durable=True)
    assert [r.payload for r in log.read(A, 0, 100)] == [b"before", *[b"refused"] * THREADS, b"after"]
    assert len({record.log_id for record in opened().read(A, 0, 100)}) == 1
