"""What a killed process or a failing disk leaves: torn tails are cut, damage is told and kept, the rest is read."""

import zlib
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from server.appendlog import recovery, segment
from server.appendlog.frames import OVERHEAD_BYTES
from server.appendlog.segment import HEADER_BYTES
from server.errors import StartupError
from tests.appendlog.conftest import Opening

A = 1
COUNT = 5
FRAME_BYTES = OVERHEAD_BYTES + 4


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What recovery logs. The process's own loggers keep the standard error of the test that used them first."""
    capture = LogCapture()
    monkeypatch.setattr(recovery, "_log", structlog.wrap_logger(None, processors=[capture]))
    return capture


def left_behind(opened: Opening, folder: Path, count: int = COUNT) -> tuple[Path, list[int]]:
    """A segment with records 'rec0'… and their sequences."""
    log = opened()
    sequences = [log.append(A, b"rec%d" % n) for n in range(count)]
    log.sync()
    return next(iter(folder.iterdir())), sequences


def found(opened: Opening) -> list[bytes]:
    return [record.payload for record in opened().read(A, 0, 1000)]


def test_tail_cut_at_every_byte_loses_the_last_record_alone(opened: Opening, folder: Path, told: LogCapture) -> None:
    file, _ = left_behind(opened, folder)
    whole = file.read_bytes()
    for size in range(HEADER_BYTES + 1, len(whole)):
        for left in folder.iterdir():
            left.unlink()
        file.write_bytes(whole[:size])
        kept = (size - HEADER_BYTES) // FRAME_BYTES
        assert found(opened) == [b"rec%d" % n for n in range(kept)]
        torn = (size - HEADER_BYTES) % FRAME_BYTES
        assert [(line["log_level"], line["bytes"]) for line in told.entries] == ([("warning", torn)] if torn else [])
        told.entries.clear()
        assert found(opened) == [b"rec%d" % n for n in range(kept)]
        assert told.entries == []


def test_zeros_after_the_last_record_are_cut(opened: Opening, folder: Path, told: LogCapture) -> None:
    """A file system may give a file its new size and lose its new bytes with the power."""
    file, _ = left_behind(opened, folder)
    with file.open("ab") as out:
        out.write(bytes(500))
    assert found(opened) == [b"rec%d" % n for n in range(COUNT)]
    assert [(line["log_level"], line["bytes"]) for line in told.entries] == [("warning", 500)]


@pytest.mark.parametrize("number", range(COUNT - 1))
def test_damage_before_the_end_is_told_and_its_file_is_kept(
    opened: Opening, folder: Path, told: LogCapture, number: int
) -> None:
    file, sequences = left_behind(opened, folder)
    data = bytearray(file.read_bytes())
    data[HEADER_BYTES + number * FRAME_BYTES + 7] ^= 0xFF
    file.write_bytes(data)
    log = opened()
    assert [r.payload for r in log.read(A, 0, 100)] == [b"rec%d" % n for n in range(COUNT) if n != number]
    [line] = told.entries
    assert (line["log_level"], line["bytes"]) == ("error", FRAME_BYTES)
    log.release(A, sequences[-1])
    assert log.read(A, 0, 100) == []
    assert file.with_suffix(".damaged").read_bytes() == data


def test_segment_that_is_missing_is_told(opened: Opening, folder: Path, told: LogCapture) -> None:
    log = opened()
    for n in range(3):
        log.append(A, b"rec%d" % n)
        log.seal()
    log.sync()
    sorted(folder.iterdir())[1].unlink()
    assert found(opened) == [b"rec0", b"rec2"]
    [line] = told.entries
    assert (line["log_level"], line["first"], line["last"]) == ("error", log.last - 1, log.last - 1)


def test_segment_that_ends_too_early_is_damage_unless_it_is_the_newest(
    opened: Opening, folder: Path, told: LogCapture
) -> None:
    log = opened()
    for n in range(3):
        log.append(A, b"rec%d" % n)
        if n == 1:
            log.seal()
    log.sync()
    first = min(folder.iterdir())
    cut = first.read_bytes()[:-2]
    first.write_bytes(cut)
    assert found(opened) == [b"rec0", b"rec2"]
    assert [line["log_level"] for line in told.entries] == ["error", "error"]
    assert first.read_bytes() == cut


def test_header_that_is_damaged_sets_the_segment_aside(opened: Opening, folder: Path, told: LogCapture) -> None:
    file, _ = left_behind(opened, folder)
    data = bytearray(file.read_bytes())
    data[10] ^= 0xFF
    file.write_bytes(data)
    assert found(opened) == []
    assert [line["log_level"] for line in told.entries] == ["error"]
    assert file.with_suffix(".damaged").read_bytes() == data


@pytest.mark.parametrize("size", range(HEADER_BYTES))
def test_segment_whose_making_was_cut_off_is_removed(
    opened: Opening, folder: Path, told: LogCapture, size: int
) -> None:
    file, sequences = left_behind(opened, folder)
    begun = folder / f"{sequences[-1] + 1:020}-ffffffff.log"
    begun.write_bytes(file.read_bytes()[:size])
    log = opened()
    assert len(log.read(A, 0, 100)) == COUNT
    assert told.entries == []
    assert not begun.exists()
    assert log.append(A, b"more") == sequences[-1] + 1


def test_segment_of_a_newer_format_stops_the_start(opened: Opening, folder: Path) -> None:
    file, _ = left_behind(opened, folder)
    head = segment._HEAD.pack(segment._MAGIC, segment.FORMAT + 1, 1, 1)
    file.write_bytes(head + segment._CHECKSUM.pack(zlib.crc32(head)))
    with pytest.raises(StartupError, match="run the newer server"):
        opened()
    assert file.exists()
