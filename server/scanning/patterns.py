"""The byte forms that a value's text may have in a file: what needles are made of."""

import json
import uuid

NEEDLE_BYTES_MIN = 8  # shorter values are in any file by chance

_UUID_CHARS = 36
_INTEGER_CHARS_MAX = 20  # of -2^63 and of 2^64 - 1
_TOP_BIT = 1 << 127  # flipped in DuckDB, so that UUIDs sort as signed integers
_HEX = "\\x"  # opens a byte in the text that DuckDB casts a BLOB to


def patterns(text: str) -> set[bytes]:
    """Each of NEEDLE_BYTES_MIN bytes or more, none for a short text: it as UTF-8 and as JSON writers escape it, and the
    bytes of the integer beyond 32 bits, the UUID or the BLOB that it may be the text of."""
    forms = {text.encode()}
    if not (text.isascii() and text.isprintable()) or '"' in text or "\\" in text:
        forms |= _in_json(text)
    if "'" in text or "\\" in text:
        forms.add(text.replace("\\", "\\\\").replace("'", "\\'").encode())  # as DuckDB casts what it is nested in
    if len(text) <= _INTEGER_CHARS_MAX:
        forms |= _of_integer(text)
    if len(text) == _UUID_CHARS:
        forms |= _of_uuid(text)
    if _HEX in text:
        forms |= _of_blob(text)
    return {form for form in forms if len(form) >= NEEDLE_BYTES_MIN}


def _in_json(text: str) -> set[bytes]:
    """Escaped or not outside ASCII, hexadecimal digits in lower case as Python has them or in upper case as DuckDB."""
    lower = {json.dumps(text, ensure_ascii=escaped)[1:-1] for escaped in (False, True)}
    return {form.encode() for form in lower | {_upper(form) for form in lower}}


def _upper(escaped: str) -> str:
    """A JSON string's inside with its \\uXXXX in upper case. A pair of backslashes opens none."""
    whole = escaped.split("\\\\")
    return "\\\\".join(_upper_escapes(part) for part in whole)


def _upper_escapes(part: str) -> str:
    first, *rest = part.split("\\u")
    return "\\u".join([first, *(piece[:4].upper() + piece[4:] for piece in rest)])


def _of_integer(text: str) -> set[bytes]:
    """8 bytes, little-endian, as a signed or an unsigned number of 64 bits."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return set()
    number = int(text)
    if -(2**31) <= number < 2**32 or not -(2**63) <= number < 2**64:
        return set()
    return {(number % 2**64).to_bytes(8, "little")}


def _of_uuid(text: str) -> set[bytes]:
    """16 bytes in the order of RFC 9562, as Parquet has them, and as DuckDB's own files do."""
    try:
        number = uuid.UUID(text).int
    except ValueError:
        return set()
    return {number.to_bytes(16, "big"), (number ^ _TOP_BIT).to_bytes(16, "little")}


def _of_blob(text: str) -> set[bytes]:
    first, *rest = text.split(_HEX)
    try:
        return {first.encode() + b"".join(bytes.fromhex(piece[:2]) + piece[2:].encode() for piece in rest)}
    except ValueError:
        return set()
