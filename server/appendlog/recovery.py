"""What the process before this one left in the log's folder: torn tails cut, damage reported and kept aside."""

import itertools
import os
from pathlib import Path

from server.appendlog.frames import Damage, scan
from server.appendlog.segment import HEADER_BYTES, SUFFIX, BadHeader, NewerFormat, Segment, read_header
from server.errors import StartupError
from server.logs import logger

DAMAGED = ".damaged"

_log = logger("append_log")


def recover(folder: Path) -> list[Segment]:
    """The segments in order, also those without a record.

    Bytes at the very end of the log that are no whole record are a write that was cut off: it was never acknowledged,
    and is cut. Elsewhere they are damage: reported as an error, what is whole around them read, the file never deleted.
    Raises StartupError for a file that a newer server wrote, OSError if the folder can't be read or written.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    found = [_read(path, newest=path == paths[-1]) for path in paths]
    segments = [segment for segment in found if segment is not None]
    _report_gaps(segments)
    return [_durable(segment) for segment in segments]


def set_aside(segment: Segment) -> None:
    """Out of the log's way, but still there for a person to look at."""
    segment.path.rename(segment.path.with_suffix(DAMAGED))


def _read(path: Path, newest: bool) -> Segment | None:
    data = path.read_bytes()
    try:
        log_id, first = read_header(data)
    except NewerFormat:
        raise StartupError(f"the log's segment {path.name} is of a newer format: run the newer server") from None
    except BadHeader:
        if len(data) <= HEADER_BYTES:
            path.unlink()  # killed while it was made: nothing had been appended
        else:
            _log.error("a segment of the log has a damaged header: its records are not read", segment=path.name)
            path.rename(path.with_suffix(DAMAGED))
        return None
    segment = Segment(path, log_id, first, len(data))
    for part in scan(data, HEADER_BYTES, first - 1):
        if not isinstance(part, Damage):
            segment.last_of[part.kind] = part.sequence
        elif part.torn and newest:
            _cut(segment, part)
        else:
            segment.damaged = True
            _log.error("a segment of the log is damaged", segment=path.name, offset=part.offset, bytes=part.size)
    return segment


def _cut(segment: Segment, torn: Damage) -> None:
    _log.warning("a record that was not whole was cut from the log", segment=segment.path.name, bytes=torn.size)
    segment.size = torn.offset
    os.truncate(segment.path, torn.offset)


def _durable(segment: Segment) -> Segment:
    """The process before may have been killed ahead of its fsync."""
    descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    segment.synced = segment.size
    return segment


def _report_gaps(segments: list[Segment]) -> None:
    """Records between one segment and the next that are gone."""
    for before, after in itertools.pairwise(segments):
        if before.log_id == after.log_id and before.last + 1 < after.first:
            _log.error("records of the log are missing", first=before.last + 1, last=after.first - 1)
