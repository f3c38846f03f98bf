"""The segments of a log in order, the last one being written. The log calls this with its lock held."""

import os
import time
from pathlib import Path

from server.appendlog.recovery import recover, set_aside
from server.appendlog.segment import Segment, create, new_log_id


class Segments:
    """next: the sequence of the next record. bytes: of all segments together."""

    def __init__(self, folder: Path, segment_bytes: int) -> None:
        """Take up what is there and begin a segment of this process's own. Raises OSError, StartupError."""
        self._folder, self._segment_bytes = folder, segment_bytes
        self.all = recover(folder)
        self.bytes = sum(segment.size for segment in self.all)
        # A log that begins, begins at the time, so that one whose folder was deleted goes on above where it was.
        self.next = self.all[-1].last + 1 if self.all else _now_us()
        self.active = self._begin(self.all[-1].log_id if self.all else new_log_id())
        self.remove({})  # those without a record, now that another one tells the log's name

    def append(self, kind: int, payload: bytes) -> int:
        """Its sequence. Raises OSError; the next record then goes into a new segment."""
        if self.active.broken or self.active.size >= self._segment_bytes:
            self.active = self._begin(self.active.log_id)
        self.bytes += self.active.append(kind, self.next, payload)
        self.next += 1
        return self.next - 1

    def seal(self) -> None:
        """Begin a new segment, if the one being written has a record."""
        if self.active.last_of:
            self.active = self._begin(self.active.log_id)

    def begin_anew(self, after: int) -> None:
        """Go on as another log, with sequences above `after`."""
        self.next = max(self.next, after + 1, _now_us())
        self.active = self._begin(new_log_id())

    def dirty(self) -> list[tuple[Segment, int, int]]:
        """What has bytes that are not durable: segment, its size, and a descriptor of the caller's own."""
        return [(s, s.size, os.dup(s.descriptor)) for s in self.all if s.descriptor >= 0 and s.synced < s.size]

    def synced(self, segment: Segment, size: int) -> None:
        segment.synced = max(segment.synced, size)
        if segment is not self.active and segment.synced == segment.size:
            segment.close()

    def remove(self, released: dict[int, int]) -> None:
        """Delete the segments before the active one whose records are all released. released: kind → sequence."""
        for segment in [s for s in self.all if s is not self.active]:
            if all(last <= released.get(kind, 0) for kind, last in segment.last_of.items()):
                self.all.remove(segment)
                self.bytes -= segment.size
                segment.close()
                if segment.damaged:
                    set_aside(segment)
                else:
                    segment.path.unlink(missing_ok=True)

    def close(self) -> None:
        for segment in self.all:
            segment.close()

    def _begin(self, log_id: str) -> Segment:
        segment = create(self._folder, log_id, self.next)
        self.all.append(segment)
        self.bytes += segment.size
        return segment


def _now_us() -> int:
    return time.time_ns() // 1000
