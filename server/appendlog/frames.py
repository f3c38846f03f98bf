"""How a record lies in a segment: a frame that tells its length, its sequence and a checksum over all of it.

Little-endian, 20 bytes before the payload:

    mark u16 | format u8 | kind u8 | payload bytes u32 | sequence u64 | CRC-32 u32 of these 16 bytes and the payload

`format` counts up when the layout changes, so that a later one can carry a hash chain or an encrypted payload.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

FORMAT = 1
PAYLOAD_BYTES_MAX = 1 << 20
_MARK = 0x9C5E
_HEAD = struct.Struct("<HBBIQ")
_CHECKSUM = struct.Struct("<I")
_MARK_BYTES = struct.pack("<H", _MARK)
OVERHEAD_BYTES = _HEAD.size + _CHECKSUM.size


class Kind(IntEnum):
    """What a record is about. Numbers stand in files: they are never used again for something else."""

    STATEMENT = 1
    JOURNAL = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole record. end: offset of the byte after it."""

    kind: int
    sequence: int
    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no whole record. torn: nothing whole comes after them, as when a write was cut off."""

    offset: int
    size: int
    torn: bool


def pack(kind: int, sequence: int, payload: bytes) -> bytes:
    """The frame's bytes. Raises ValueError for a payload over PAYLOAD_BYTES_MAX."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a record has {len(payload)} bytes, the most is {PAYLOAD_BYTES_MAX}")
    head = _HEAD.pack(_MARK, FORMAT, kind, len(payload), sequence)
    return head + _CHECKSUM.pack(zlib.crc32(payload, zlib.crc32(head))) + payload


def scan(data: bytes, offset: int, after: int) -> Iterator[Frame | Damage]:
    """Every frame from offset on, and every stretch of bytes that is none. Sequences rise from `after` on."""
    while offset < len(data):
        frame = _frame_at(data, offset, after)
        if frame is None:
            following = _next_frame(data, offset + 1, after)
            end = len(data) if following is None else following
            yield Damage(offset, end - offset, torn=following is None)
            offset = end
        else:
            yield frame
            offset, after = frame.end, frame.sequence


def _frame_at(data: bytes, offset: int, after: int) -> Frame | None:
    start = offset + OVERHEAD_BYTES
    if start > len(data):
        return None
    mark, form, kind, size, sequence = _HEAD.unpack_from(data, offset)
    if mark != _MARK or form != FORMAT or sequence <= after or size > PAYLOAD_BYTES_MAX or start + size > len(data):
        return None
    payload = data[start : start + size]
    (checksum,) = _CHECKSUM.unpack_from(data, offset + _HEAD.size)
    if zlib.crc32(payload, zlib.crc32(data[offset : offset + _HEAD.size])) != checksum:
        return None
    return Frame(kind, sequence, payload, start + size)


def _next_frame(data: bytes, offset: int, after: int) -> int | None:
    """Offset of the next whole frame, after bytes that are none."""
    while (offset := data.find(_MARK_BYTES, offset)) >= 0:
        if _frame_at(data, offset, after) is not None:
            return offset
        offset += 1
    return None
