"""A statement's record: its columns, and its bytes in the append log.

The text is not kept, only its keyed HMAC: a log must not be where erased values live on.
"""

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from server.appendlog.reading import Stored
from server.errors import PermissionDenied
from server.sql.schema import schema_of

SCHEMA = schema_of(
    statement_id=pa.string(),
    session_id=pa.string(),
    principal=pa.string(),
    kind=pa.string(),
    statement_hmac=pa.string(),
    started_at=pa.timestamp("us", "UTC"),
    duration_ms=pa.float64(),
    row_count=pa.int64(),
    status=pa.string(),
    error_code=pa.string(),
    result_bytes=pa.int64(),
    log_id=pa.string(),
    sequence=pa.int64(),
)
TEXT_CHARS_MAX = 256  # of a text in a record; the name of an operation is the caller's own

_FORMAT = 1
_UNKNOWN = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# format, started_at in µs, duration in ms, rows or -1, bytes, HMAC, then the bytes of each text
_FIXED = struct.Struct("<Bqdqq32s6H")
_TEXTS = ("statement_id", "session_id", "principal", "kind", "status", "error_code")
_NOT_AWAITED = ("query", "set")


def durable(row: Mapping[str, Any]) -> bool:
    """Whether the statement's answer waits for the fsync of its record: what may have changed something, and refusals.

    A query that only read is in the kernel's hands when its last rows are out, and on the device soon after.
    """
    return row["kind"] not in _NOT_AWAITED or row["error_code"] == PermissionDenied.code


def encode(row: Mapping[str, Any]) -> bytes:
    """row: the columns of SCHEMA but for log_id and sequence. 1.5 µs, where JSON takes 4."""
    texts = [(row[name] or "").encode("utf-8", "replace") for name in _TEXTS]
    rows = row["row_count"]
    return _FIXED.pack(
        _FORMAT,
        (row["started_at"] - _EPOCH) // _MICROSECOND,
        row["duration_ms"],
        _UNKNOWN if rows is None else rows,
        row["result_bytes"],
        bytes.fromhex(row["statement_hmac"]),
        *map(len, texts),
    ) + b"".join(texts)


def table(records: Sequence[Stored]) -> pa.Table:
    """The records as rows of SCHEMA, in their order."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for record in records:
        for name, value in _decoded(record.payload).items():
            columns[name].append(value)
        columns["log_id"].append(record.log_id)
        columns["sequence"].append(record.sequence)
    return pa.table([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _decoded(payload: bytes) -> dict[str, Any]:
    _, started_us, duration_ms, rows, result_bytes, digest, *sizes = _FIXED.unpack_from(payload)
    row: dict[str, Any] = {
        "started_at": started_us,
        "duration_ms": duration_ms,
        "row_count": None if rows == _UNKNOWN else rows,
        "result_bytes": result_bytes,
        "statement_hmac": digest.hex(),
    }
    offset = _FIXED.size
    for name, size in zip(_TEXTS, sizes, strict=True):
        row[name] = payload[offset : offset + size].decode()
        offset += size
    row["error_code"] = row["error_code"] or None  # alone in having no value: an operation may be called by no name
    return row
