"""Records out of segments, as their reader gets them."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.appendlog.frames import Frame, scan
from server.appendlog.segment import HEADER_BYTES, Segment


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it was appended. log_id: of the log that gave it its sequence."""

    log_id: str
    sequence: int
    payload: bytes


def read(segments: Iterable[tuple[Segment, int]], kind: int, after: int, records_max: int) -> list[Stored]:
    """The oldest records of a kind with a sequence above `after`. segments: each with the bytes that count.

    Raises OSError. Damage was told when the log was opened.
    """
    found: list[Stored] = []
    for segment, size in segments:
        data = segment.path.read_bytes()[:size]
        for part in scan(data, HEADER_BYTES, segment.first - 1):
            if isinstance(part, Frame) and part.kind == kind and part.sequence > after:
                found.append(Stored(segment.log_id, part.sequence, part.payload))
                if len(found) == records_max:
                    return found
    return found
