"""The log itself: threads append; one reader per kind takes what the lake does not have yet, and releases it later."""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.appendlog.reading import Stored, read
from server.appendlog.segment import probe
from server.appendlog.segments import Segments
from server.appendlog.syncing import GroupSync
from server.errors import LakehouseError, LimitExceeded, LogUnavailable, StartupError
from server.logs import logger

SEGMENT_BYTES = 16 << 20

_log = logger("append_log")


class AppendLog:
    """Any number of threads. A record is in the kernel's hands when `append` returns: SIGKILL takes nothing back.

    Sequences rise by one per record. `failed`: the last append or fsync was refused.
    """

    def __init__(self, folder: Path, bytes_max: int, sync_s: float, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Take up what is in the folder. sync_s: when a record that nobody waits for is made durable, at the latest.

        Raises StartupError if the folder can't be read or written.
        """
        self._folder, self._bytes_max = folder, bytes_max
        # Reentrant: a stream that is dropped logs its end, and the garbage collector may drop one in here.
        self._lock = threading.RLock()
        self._writing = False
        self._deferred: deque[tuple[int, bytes]] = deque()
        self._released: dict[int, int] = {}
        self.failed = False
        try:
            self._folder_descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._segments = Segments(folder, segment_bytes)
        except OSError as error:
            raise StartupError(f"the log in {folder}: {error.strerror}") from None
        self._group = GroupSync(self._sync, lambda: self.last, sync_s)

    def append(self, kind: int, payload: bytes, durable: bool = False) -> int:
        """Add a record; its sequence. durable: wait for the fsync too, so that it survives a loss of power.

        A destructor that runs in the middle of another append has its record written right after that one, not durable.
        Raises LimitExceeded if log_bytes_max is reached, LogUnavailable if the record can't be written.
        """
        with self._lock:
            if self._writing:  # by the garbage collector, inside the append of this very thread
                self._deferred.append((kind, payload))
                return self._segments.next
            self._writing = True
            try:
                sequence = self._write(kind, payload)
                self._write_deferred()
            finally:
                self._writing = False
        if durable:
            self._group.wait_for(sequence)
        else:
            self._group.soon()
        return sequence

    def sync(self) -> None:
        """Return once every record so far is durable. Raises LogUnavailable if the device refused."""
        self._group.wait_for(self.last)

    def check(self) -> None:
        """Raise what `append` would, if it failed the last time and still would."""
        if self.failed:
            with self._lock:
                self._check_room()
                with _refused():
                    probe(self._folder)
                    self._segments.seal()
                self.failed = False
            _log.warning("the log can be written again")

    @property
    def last(self) -> int:
        """Sequence of the newest record, of whatever kind."""
        return self._segments.next - 1

    def last_of(self, kind: int) -> int:
        """Sequence of the newest record of a kind; 0 if there is none that is not released."""
        with self._lock:
            return max((segment.last_of.get(kind, 0) for segment in self._segments.all), default=0)

    def log_ids(self) -> dict[str, int]:
        """Log id → sequence from which on its records are here. One, unless the log was begun anew."""
        with self._lock:
            return {segment.log_id: segment.first for segment in reversed(self._segments.all)}

    def seal(self) -> None:
        """Go on in a new segment, so that the records so far can be deleted once they are released.

        Raises LogUnavailable, after which the log goes on in the segment that it has.
        """
        with self._lock, _refused():
            self._segments.seal()

    def begin_anew(self, after: int) -> None:
        """Go on as another log whose sequences are above `after`: this one's were given before, to other records."""
        with self._lock, _refused():
            self._segments.begin_anew(after)

    def read(self, kind: int, after: int, records_max: int) -> list[Stored]:
        """The oldest records of a kind with a sequence above `after`. Not at the same time as `release`."""
        with self._lock:
            segments = [(s, s.size) for s in self._segments.all if s.last_of.get(kind, 0) > after]
        with _refused():
            return read(segments, kind, after, records_max)

    def release(self, kind: int, through: int) -> None:
        """The lake has this kind's records up to this sequence: delete the segments that nobody needs any more.

        Raises LogUnavailable, nothing deleted, if the segment that follows them can't be made durable.
        """
        self.sync()
        with self._lock, _refused():
            self._released[kind] = through
            self._segments.remove(self._released)

    def close(self) -> None:
        """Make everything durable. Appending afterwards is an error."""
        self._group.stop()
        with self._lock:
            self._segments.close()
            os.close(self._folder_descriptor)

    def _write(self, kind: int, payload: bytes) -> int:
        try:
            self._check_room()
            return self._segments.append(kind, payload)
        except LimitExceeded:
            self.failed = True
            raise
        except OSError as error:
            self.failed = True
            raise _unavailable(error) from None

    def _write_deferred(self) -> None:
        while self._deferred:
            kind, payload = self._deferred.popleft()
            try:
                self._write(kind, payload)
            except LakehouseError as error:
                _log.error("a record was lost", kind=kind, error=str(error))

    def _sync(self) -> int:
        """fsync what has been written by now; the last sequence of it. One thread at a time."""
        with self._lock:
            last, dirty = self._segments.next - 1, self._segments.dirty()
        try:
            for segment, _, descriptor in dirty:
                os.fdatasync(descriptor)
                if segment.synced == 0:
                    os.fsync(self._folder_descriptor)
        except OSError:
            self._distrust()
            raise
        finally:
            for _, _, descriptor in dirty:
                os.close(descriptor)
        with self._lock:
            for segment, size, _ in dirty:
                self._segments.synced(segment, size)
        return last

    def _distrust(self) -> None:
        """After a failed fsync the kernel may say of the same pages that they are written: never ask it about them."""
        with self._lock:
            self.failed = True
            self._segments.active.broken = True
            for segment in self._segments.all:
                segment.synced = segment.size

    def _check_room(self) -> None:
        if self._segments.bytes >= self._bytes_max:
            raise LimitExceeded("log_bytes_max", f"{self._segments.bytes} bytes of records wait for the lake")


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unavailable(error) from None


def _unavailable(error: OSError) -> LogUnavailable:
    return LogUnavailable(f"the log can't be written: {error.strerror}")
