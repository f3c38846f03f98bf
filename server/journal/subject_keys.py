"""The keys that values of single subjects are sealed with, in a file outside the lake. Destroying one erases values.

`DATA/keys/journal-subjects` is a header and then records of 64 bytes, so that none crosses a sector:

    subject 16 | key 32 | state u8 | 11 zeros | CRC-32 u32 of the 60 bytes before

New keys are added at the end. A key is destroyed in place: zeros over its bytes, on the device before the call returns.
Writing the file anew without it would leave the old bytes in blocks that the file system has only let go.
"""

import os
import secrets
import struct
import threading
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from server.errors import LogUnavailable, StartupError
from server.logs import logger

FILE = "journal-subjects"
KEY_BYTES, SUBJECT_BYTES, RECORD_BYTES = 32, 16, 64
_HEADER = b"LAKE SUBJECT KEYS 1".ljust(RECORD_BYTES, b"\0")
_BODY = struct.Struct("<16s32sB11x")
_CHECKSUM = struct.Struct("<I")
_LIVE, _DESTROYED = 1, 0

_log = logger("journal")


class SubjectKeys:
    """Any number of threads. A key's number is its place in the file, from 1; it is never used again."""

    def __init__(self, folder: Path) -> None:
        """Raises StartupError if the file can't be read or written, or is something else."""
        self._lock = threading.Lock()
        self._numbers: dict[bytes, int] = {}
        self._damaged: set[int] = set()
        self._doomed: set[int] = set()  # to be destroyed, which the device has refused so far
        try:
            self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._count = self._take_up()
            _sync_folder(folder)
        except OSError as error:
            raise StartupError(f"{folder / FILE}: {error.strerror}") from None

    def made(self, subjects: Iterable[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Subject → number and key of its newest key. Those without one get one, on the device before this returns.

        Raises LogUnavailable if the file can't be written.
        """
        unique = list(dict.fromkeys(subjects))
        with self._lock:
            keys = {subject: self._key_of(subject) for subject in unique}
            self._add([subject for subject, key in keys.items() if not key])
            return {subject: (self._numbers[subject], keys[subject] or self._key_of(subject)) for subject in unique}

    def find(self, number: int) -> bytes | None:
        """The key; b'' if it was destroyed, None if this file never had it or its record is damaged."""
        with self._lock:
            if not 0 < number <= self._count:
                return None
            return b"" if number in self._doomed else self._key(number)

    def destroy(self, subjects: Iterable[bytes], numbers: Iterable[int] = ()) -> int:
        """Make what was sealed for these subjects, and under the keys of these numbers, unreadable for good; how many
        keys there were. Damaged records go with them: whose they are nobody knows, and they open nothing as they are.

        Raises LogUnavailable if the file can't be written: nobody reads the keys meanwhile, but a restart brings them
        back unless it is called again.
        """
        with self._lock:
            found = {self._numbers.pop(subject) for subject in set(subjects) if subject in self._numbers}
            found |= {number for number in numbers if 0 < number <= self._count and self._has_key(number)}
            self._doomed |= found | self._damaged
            try:
                for number in sorted(self._doomed):
                    subject, _, _ = _unpacked(self._record(number))
                    os.pwrite(self._file, _record(subject, bytes(KEY_BYTES), _DESTROYED), number * RECORD_BYTES)
                os.fsync(self._file)
            except OSError as error:
                raise _unavailable(error) from None
            self._doomed.clear()
            self._damaged.clear()
            return len(found)

    def close(self) -> None:
        os.close(self._file)

    def _add(self, subjects: Sequence[bytes]) -> None:
        if not subjects:
            return
        records = b"".join(_record(subject, secrets.token_bytes(KEY_BYTES), _LIVE) for subject in subjects)
        try:
            written = os.pwrite(self._file, records, (self._count + 1) * RECORD_BYTES)
            if written < len(records):
                raise OSError(28, os.strerror(28))
            os.fdatasync(self._file)
        except OSError as error:
            raise _unavailable(error) from None
        for subject in subjects:
            self._count += 1
            self._numbers[subject] = self._count

    def _record(self, number: int) -> bytes:
        return os.pread(self._file, RECORD_BYTES, number * RECORD_BYTES)

    def _key(self, number: int) -> bytes | None:
        return _checked(self._record(number))

    def _key_of(self, subject: bytes) -> bytes:
        """b'' if it has none that seals and opens."""
        number = self._numbers.get(subject)
        return b"" if number is None or number in self._doomed else self._key(number) or b""

    def _has_key(self, number: int) -> bool:
        """Whether any byte of a key is there, in whatever record."""
        return any(_unpacked(self._record(number))[1])

    def _take_up(self) -> int:
        """Number of the last record. One that was cut off at the end was given to nobody."""
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        if len(data) < RECORD_BYTES:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, _HEADER, 0)
            os.fsync(self._file)
            return 0
        if not data.startswith(_HEADER):
            raise StartupError(f"keys/{FILE} is no file of subject keys of this version")
        count = len(data) // RECORD_BYTES - 1
        os.ftruncate(self._file, (count + 1) * RECORD_BYTES)
        for number in range(1, count + 1):
            record = data[number * RECORD_BYTES : (number + 1) * RECORD_BYTES]
            key = _checked(record)
            if key is None:
                self._damaged.add(number)
                _log.error("a subject's key is damaged: what it seals can't be read", number=number)
            elif key:
                self._numbers[_unpacked(record)[0]] = number
        return count


def _record(subject: bytes, key: bytes, state: int) -> bytes:
    body = _BODY.pack(subject, key, state)
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _checked(record: bytes) -> bytes | None:
    """The key of a record; b'' if it was destroyed, None if it is not as it was written."""
    subject, key, state = _unpacked(record)
    if record != _record(subject, key, state):
        return None
    return key if state == _LIVE else b""


def _unpacked(record: bytes) -> tuple[bytes, bytes, int]:
    subject, key, state = _BODY.unpack_from(record)
    return subject, key, state


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(error: OSError) -> LogUnavailable:
    return LogUnavailable(f"the keys of the journal can't be written: {error.strerror}")
