"""The hash chain: each event's link is SHA-256 over the link before it and over the event as it stands in the lake.

An event is hashed as its sequence and then its columns in their order, each as 4 bytes of length, little-endian, and
that many bytes: text in UTF-8, numbers and times as decimal digits, sealed values as they are; NULL is the length
0xFFFFFFFF alone. So the chain can be checked without any key, and stays whole when keys are destroyed.
"""

import hashlib
import struct

from server.journal.event import Event

LINK_BYTES = 32
START = bytes(LINK_BYTES)
_LENGTH = struct.Struct("<I")
_NULL = _LENGTH.pack(0xFFFFFFFF)


def link(before: bytes, sequence: int, event: Event) -> bytes:
    """before: the link of the event before this one, START for the first."""
    parts = [before]
    for value in (sequence, *event):
        if value is None:
            parts.append(_NULL)
            continue
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        parts.append(_LENGTH.pack(len(data)))
        parts.append(data)
    return hashlib.sha256(b"".join(parts)).digest()
