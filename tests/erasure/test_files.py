"""Files are looked through as they lie on disk, names included."""

import os
import socket
from pathlib import Path

import pytest

from server.scanning import files
from server.scanning.files import scan_file, scan_folder
from server.scanning.needles import Needles

MARK = "Marker of Ann, 7f3a"
MARKED = Needles.of(["never there", MARK])
FOUND = {1}


@pytest.mark.parametrize("at", [0, 1, 35, 36, 43, 44, 45, 46, 60, 61, 62, 63, 64, 80, 100])
def test_a_needle_is_found_across_the_borders_of_chunks(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_BYTES", 45)
    path = tmp_path / "file"
    path.write_bytes(b"." * at + MARK.encode() + b"." * (100 - at))
    assert scan_file(path, MARKED) == FOUND
    path.write_bytes(b"." * at + MARK.encode()[:-1] + b"." * (100 - at))
    assert scan_file(path, MARKED) == set()


def test_a_needle_longer_than_a_chunk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK_BYTES", 16)
    long = "".join(chr(97 + number * number % 23) for number in range(1000))
    path = tmp_path / "file"
    path.write_bytes(b"." * 333 + long.encode() + b"." * 333)
    assert scan_file(path, Needles.of([long, long[:-1] + "!"])) == {0}


def test_a_file_that_is_gone_or_is_a_folder_is_an_error_and_no_clean_one(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(OSError, match=str(path)):
            scan_file(path, MARKED)
    (tmp_path / "empty").touch()
    assert scan_file(tmp_path / "empty", MARKED) == set()


def test_a_folder_is_looked_through_with_all_below_it_and_the_names(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep").write_text(f"…{MARK}")
    (tmp_path / "a" / "clean").write_text("nothing")
    (tmp_path / f"of={MARK}").mkdir()
    (tmp_path / f"of={MARK}" / "named").touch()
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "out").write_text(MARK)
    scanned = scan_folder(tmp_path, MARKED, skip=lambda path: path.name == "left")
    assert scanned == (len(f"…{MARK}".encode()) + len("nothing"), 3, {"a/b/deep": FOUND, f"of={MARK}/named": FOUND})


def test_links_are_followed_and_may_lead_in_a_circle(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "file").write_text(MARK)
    (folder / "link").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    assert scan_folder(folder, MARKED) == (len(MARK), 1, {"link/file": FOUND})


def test_what_holds_no_bytes_is_passed_over_and_a_file_that_vanishes_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
        assert scan_folder(tmp_path, MARKED) == (0, 0, {})
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        scan_folder(tmp_path, MARKED)
