"""What is measured of a column, by its type."""

from dataclasses import dataclass, replace
from enum import Enum

WIDE_DIGITS = 18  # decimals of more are no 64 bit integers inside: as DOUBLE they neither overflow nor take long


class Axis(Enum):
    """What the bins of a histogram are laid out on. Of NUMBER the values are compared as DOUBLE, else as they are."""

    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True)
class Measures:
    """present alone: nothing but NULLs is counted. length: SQL text with {e} for the value. finite: some values may not
    be. text: values may be long."""

    distinct: bool = True
    ordered: bool = False
    top: bool = False
    text: bool = False
    finite: bool = False
    number: bool = False
    wide: bool = False
    axis: Axis | None = None
    length: str | None = None


COUNTED = Measures(distinct=False)
_PLAIN = Measures(ordered=True, top=True)
_INTEGER = replace(_PLAIN, number=True, axis=Axis.INTEGER)
_NUMBER = replace(_PLAIN, number=True, axis=Axis.NUMBER)
_TIME = replace(_PLAIN, axis=Axis.TIME)
_MOMENT = replace(_TIME, finite=True)

# DuckLake's names of types. Of a struct the members are columns of their own; lists and maps are taken as wholes.
_BY_TYPE = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), _INTEGER),
    **dict.fromkeys(("int128", "uint128"), replace(_NUMBER, wide=True)),
    **dict.fromkeys(("float32", "float64"), replace(_NUMBER, finite=True)),
    **dict.fromkeys(("timestamp", "timestamp_us", "timestamp_s", "timestamp_ms", "timestamp_ns"), _MOMENT),
    **dict.fromkeys(("date", "timestamptz"), _MOMENT),
    **dict.fromkeys(("boolean", "uuid", "interval", "timetz", "time_ns"), _PLAIN),
    "time": _TIME,
    "varchar": replace(_PLAIN, text=True, length="length({e})"),
    "json": Measures(top=True, text=True, length="length({e}::VARCHAR)"),
    "blob": Measures(length="octet_length({e})"),
    "list": Measures(length="len({e})"),
    "map": Measures(length="cardinality({e})"),
}


def measures_of(lake_type: str) -> Measures:
    """Of a type of another name, such as geometry, variant and struct, only NULLs are counted."""
    if lake_type.startswith("decimal("):
        digits = int(lake_type.removeprefix("decimal(").partition(",")[0])
        return replace(_NUMBER, wide=digits > WIDE_DIGITS)
    return _BY_TYPE.get(lake_type, COUNTED)
