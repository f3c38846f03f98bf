"""One file of the log: a header that names the log, then frames. Written by one process, and only at its end."""

import contextlib
import os
import secrets
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from server.appendlog.frames import pack

FORMAT = 1
SUFFIX = ".log"
_MAGIC = b"LAKELOG\n"
_HEAD = struct.Struct("<8sHQQ")  # magic, format, log id, first sequence
_CHECKSUM = struct.Struct("<I")
HEADER_BYTES = _HEAD.size + _CHECKSUM.size
LOG_ID_BYTES = 8
PROBE_BYTES = 1 << 20  # room that a log which failed must find before it is used again


class BadHeader(Exception):
    """The file does not begin as a segment does."""


class NewerFormat(Exception):
    """A newer server wrote the file."""


@dataclass(eq=False)
class Segment:
    """first: sequence of its first record, or of the next one to come. last_of: kind → its last sequence in here.

    size: bytes that count; what may lie after them is no record. synced: how many of them are durable.
    damaged: the file is kept for a person to look at. broken: nothing more may be written to it.
    descriptor: open for writing, -1 for a segment that a process before this one left.
    """

    path: Path
    log_id: str
    first: int
    size: int
    last_of: dict[int, int] = field(default_factory=dict)
    synced: int = 0
    damaged: bool = False
    broken: bool = False
    descriptor: int = -1

    @property
    def last(self) -> int:
        """Sequence of its last record; first - 1 while it has none."""
        return max(self.last_of.values(), default=self.first - 1)

    def append(self, kind: int, sequence: int, payload: bytes) -> int:
        """Write a record; its bytes. Raises OSError, after which the segment is broken."""
        frame = pack(kind, sequence, payload)
        try:
            write_all(self.descriptor, frame)
        except OSError:
            self.broken = True
            with contextlib.suppress(OSError):  # what is left is then damage, but no record of ours
                os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(frame)
        self.last_of[kind] = sequence
        return len(frame)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def new_log_id() -> str:
    return secrets.token_hex(LOG_ID_BYTES)


def create(folder: Path, log_id: str, first: int) -> Segment:
    """A new segment, its header written. The name is one of its own even where `first` is another's too, by its tail.

    Raises OSError, nothing left behind.
    """
    path = folder / f"{first:020}-{secrets.token_hex(4)}{SUFFIX}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, header(log_id, first))
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return Segment(path, log_id, first, HEADER_BYTES, descriptor=descriptor)


def header(log_id: str, first: int) -> bytes:
    head = _HEAD.pack(_MAGIC, FORMAT, int(log_id, 16), first)
    return head + _CHECKSUM.pack(zlib.crc32(head))


def read_header(data: bytes) -> tuple[str, int]:
    """Log id and first sequence. Raises BadHeader, NewerFormat."""
    if len(data) < HEADER_BYTES or not data.startswith(_MAGIC):
        raise BadHeader
    _, form, log_id, first = _HEAD.unpack_from(data)
    if _CHECKSUM.unpack_from(data, _HEAD.size) != (zlib.crc32(data[: _HEAD.size]),):
        raise BadHeader
    if form != FORMAT:
        raise NewerFormat
    return f"{log_id:0{2 * LOG_ID_BYTES}x}", first


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte. Raises OSError, some bytes possibly written."""
    done = os.write(descriptor, data)
    while done < len(data):
        done += os.write(descriptor, data[done:])


def probe(folder: Path) -> None:
    """Raise OSError unless there is room for some records."""
    path = folder / "probe"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, PROBE_BYTES)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()
