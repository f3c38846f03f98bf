"""Appending, reading, releasing: what is in the log and what is on disk."""

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from server.appendlog.log import AppendLog
from server.errors import LimitExceeded, StartupError
from tests.appendlog.conftest import Opening
from tests.harness import ROOT

A, B = 1, 2  # kinds
THREADS, EACH = 8, 200
MANY = 1_000_000


def payloads(log: AppendLog, kind: int = A, after: int = 0) -> list[bytes]:
    return [record.payload for record in log.read(kind, after, MANY)]


def test_records_are_read_in_the_order_of_their_sequences(opened: Opening) -> None:
    log = opened()
    sequences = [log.append(A, b"%d" % n, durable=n == 5) for n in range(10)]
    assert sequences == list(range(sequences[0], sequences[0] + 10))
    assert payloads(log) == [b"%d" % n for n in range(10)]
    assert payloads(log, after=sequences[6]) == [b"7", b"8", b"9"]
    assert [record.sequence for record in log.read(A, 0, 3)] == sequences[:3]


def test_kinds_share_the_sequences_and_are_read_apart(opened: Opening) -> None:
    log = opened()
    for n in range(6):
        log.append(A if n % 3 else B, b"%d" % n)
    assert payloads(log, A) == [b"1", b"2", b"4", b"5"]
    assert payloads(log, B) == [b"0", b"3"]
    assert log.last_of(A) == log.last_of(B) + 2 == log.last


def test_records_are_there_for_the_next_process_though_nothing_was_closed(opened: Opening) -> None:
    first = opened()
    last = [first.append(A, b"%d" % n) for n in range(3)][-1]
    second = opened()
    assert payloads(second) == [b"0", b"1", b"2"]
    assert second.append(A, b"3") == last + 1
    assert list(second.log_ids()) == list(first.log_ids())


def test_segments_are_bounded_and_deleted_once_all_their_records_are_released(opened: Opening, folder: Path) -> None:
    log = opened(segment_bytes=1000)
    sequences = [log.append(A, bytes(100)) for _ in range(100)]
    files = sorted(folder.iterdir())
    assert len(files) > 10
    assert max(file.stat().st_size for file in files) < 1200
    log.release(A, sequences[49])
    assert len(files) > len(list(folder.iterdir())) > len(files) // 3
    assert {record.sequence for record in log.read(A, sequences[49], MANY)} == set(sequences[50:])
    log.seal()
    log.release(A, sequences[-1])
    assert len(list(folder.iterdir())) == 1
    assert payloads(log) == []


def test_segment_stays_while_another_kind_needs_it(opened: Opening) -> None:
    log = opened()
    log.append(B, b"kept")
    last = log.append(A, b"released")
    log.seal()
    log.release(A, last)
    assert payloads(log, B) == [b"kept"]
    log.release(B, last)
    assert payloads(log, B) == []


def test_sequences_go_on_after_everything_was_released(opened: Opening) -> None:
    log = opened()
    last = log.append(A, b"a")
    log.seal()
    log.release(A, last)
    assert opened().append(A, b"b") == last + 1


def test_log_whose_folder_was_emptied_goes_on_above_where_it_was(opened: Opening, folder: Path) -> None:
    last = opened().append(A, b"a")
    for file in folder.iterdir():
        file.unlink()
    again = opened()
    assert again.append(A, b"b") > last
    assert payloads(again) == [b"b"]


def test_log_begun_anew_has_another_name_and_higher_sequences(opened: Opening) -> None:
    log = opened()
    before = log.append(A, b"a")
    log.begin_anew(before + 10**6)
    assert log.append(A, b"b") > before + 10**6
    assert len({record.log_id for record in log.read(A, 0, MANY)}) == 2


def test_many_threads_append_and_no_record_is_lost_or_doubled(opened: Opening) -> None:
    log = opened(segment_bytes=4000)

    def work(thread: int) -> None:
        for n in range(EACH):
            log.append(A, b"%d %d" % (thread, n), durable=n % 50 == 0)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = payloads(log)
    assert sorted(found) == sorted(b"%d %d" % (number, n) for number in range(THREADS) for n in range(EACH))
    for number in range(THREADS):
        assert [p for p in found if p.startswith(b"%d " % number)] == [b"%d %d" % (number, n) for n in range(EACH)]


def test_append_inside_an_append_of_the_same_thread_comes_after_it(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a stream that the garbage collector drops there."""
    log, real, dropped = opened(), os.write, [b"one", b"two"]

    def write(descriptor: int, data: bytes) -> int:
        while dropped:
            log.append(A, dropped.pop(0))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    sequence = log.append(A, b"outer", durable=True)
    found = log.read(A, 0, MANY)
    assert [record.payload for record in found] == [b"outer", b"one", b"two"]
    assert [record.sequence for record in found] == [sequence, sequence + 1, sequence + 2]


def test_full_log_refuses_until_records_are_released(opened: Opening) -> None:
    log = opened(bytes_max=5000)
    for _ in range(42):
        log.append(A, bytes(100))
    with pytest.raises(LimitExceeded, match="log_bytes_max"):
        log.append(A, bytes(1))
    with pytest.raises(LimitExceeded, match="log_bytes_max"):
        log.check()
    assert len(payloads(log)) == 42
    log.seal()
    log.release(A, log.last)
    log.check()
    log.append(A, b"again")
    assert payloads(log) == [b"again"]


def test_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="No such file or directory"):
        AppendLog(tmp_path / "nowhere", 1 << 20, 0.01)


LIMITED = """
import resource, sys
from pathlib import Path
from server.appendlog.log import AppendLog
from server.errors import LogUnavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
log = AppendLog(Path(sys.argv[1]), 1 << 30, 0.01)
done = 0
try:
    while True:
        log.append(1, bytes(100) + b"%d" % done)
        done += 1
except LogUnavailable as error:
    print(done, error)
try:
    log.check()
except LogUnavailable:
    print("still")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.check()
log.append(1, b"after")
log.close()
"""


def test_record_that_the_system_refuses_is_an_error_and_leaves_no_trace(opened: Opening, folder: Path) -> None:
    """A limit on file sizes cuts a write short, as a full disk does."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run([sys.executable, "-c", LIMITED, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    count = int(done.stdout.split()[0])
    assert "the log can't be written: File too large" in done.stdout
    assert done.stdout.splitlines()[1] == "still"
    log = opened()
    assert payloads(log) == [bytes(100) + b"%d" % n for n in range(count)] + [b"after"]
    assert count > 20
    assert not log.failed
