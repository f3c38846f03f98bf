"""Looks for needles in files, as they lie on disk."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from server.scanning.needles import Needles

CHUNK_BYTES = 4 << 20  # read at once, or the longest pattern's length if that is more


class FolderScan(NamedTuple):
    """bytes and files: how many were looked through. hits: file name, relative to the folder → the numbers of texts in
    the file or in its name, for files that have any. A name may tell a value."""

    bytes: int
    files: int
    hits: dict[str, set[int]]


def scan_file(path: Path, needles: Needles) -> set[int]:
    """The numbers of the texts that occur in a file's bytes. Raises OSError if it can't be read to its end."""
    return _scan(path, needles)[1]


def scan_folder(folder: Path, needles: Needles, skip: Callable[[Path], bool] = lambda _: False) -> FolderScan:
    """Look through the names and bytes of all files below a folder, links followed.

    skip: told each file and folder below it; those that it picks are left out, with all below them. What is neither
    file nor folder, as a socket, holds no bytes. Raises OSError for what can't be listed or read, or vanishes.
    """
    size, files, hits = 0, 0, {}
    for path in _files(folder, skip, set()):
        name = path.relative_to(folder).as_posix()
        length, found = _scan(path, needles)
        found |= needles.find(os.fsencode(name))
        size, files = size + length, files + 1
        if found:
            hits[name] = found
    return FolderScan(size, files, hits)


def _scan(path: Path, needles: Needles) -> tuple[int, set[int]]:
    """The file's length in bytes, and the texts in it. Chunks overlap by a byte less than the longest pattern."""
    overlap = max(needles.bytes_max - 1, 0)
    held = memoryview(bytearray(overlap + max(CHUNK_BYTES, overlap)))
    length, kept, found = 0, 0, set()
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(held[kept:]):
            length, end = length + count, kept + count
            found |= needles.find(held[:end])
            kept = min(overlap, end)
            held[:kept] = bytes(held[end - kept : end])
    return length, found


def _files(folder: Path, skip: Callable[[Path], bool], seen: set[tuple[int, int]]) -> Iterator[Path]:
    """seen: device and inode of the folders that were entered, as links may lead in a circle."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for path in sorted(folder.iterdir()):
        if skip(path):
            continue
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _files(path, skip, seen)
        elif stat.S_ISREG(mode):
            yield path
