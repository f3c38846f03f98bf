"""Arrow values as JSON values and as text: shared by the table renderer and the text formats."""

import base64
import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa


def distinct_names(names: Sequence[str]) -> list[str]:
    """Names for a JSON object: a repeated column name gets _2, _3, … so that no column hides another."""
    seen: set[str] = set()
    result = []
    for name in names:
        candidate, count = name, 1
        while candidate in seen:
            count += 1
            candidate = f"{name}_{count}"
        seen.add(candidate)
        result.append(candidate)
    return result


def column_values(column: Any) -> list[Any]:
    """Python values of a `pa.Array` or `pa.ChunkedArray`. Nanoseconds, which Python's time types lack, come as text."""
    if getattr(column.type, "unit", None) == "ns":
        column = column.cast(pa.string())
    return column.to_pylist()  # type: ignore[no-any-return]


def rows(batch: pa.RecordBatch | pa.Table) -> Iterator[dict[str, Any]]:
    """The rows as JSON objects."""
    names = distinct_names(batch.schema.names)
    for values in zip(*(column_values(column) for column in batch.columns), strict=True):
        yield {name: json_value(value) for name, value in zip(names, values, strict=True)}


def json_value(value: Any) -> Any:
    """A value that JSON can say: times in ISO 8601, bytes in base64, decimals as text so that no digit is lost."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case pa.MonthDayNano():
            return dict(zip(("months", "days", "nanoseconds"), value, strict=True))
        case dict():
            return {str(key): json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [json_value(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta() | Decimal():
            return str(value)
        case _:
            return str(value)


def text_value(value: Any) -> str:
    """A value for people to read; nested values as compact JSON. NULL is the caller's business."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case datetime():
            return value.isoformat(sep=" ")
        case bytes():
            return value.hex()
        case dict() | list() | tuple():
            return json.dumps(json_value(value), ensure_ascii=False)
        case _:
            return str(value)


def float_text(value: float) -> str:
    """Short floats as they are, long ones with four decimals: tables are for reading, the other formats for digits."""
    exact = repr(value)
    if len(exact) <= 8 or not math.isfinite(value):
        return exact
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e15 else f"{value:.4e}"


def printable(text: str, keep: str = "") -> str:
    """Replace what a terminal would act on (escape sequences, line ends) by a blank; characters in `keep` stay."""
    return "".join(char if char.isprintable() or char in keep else " " for char in text)
