"""The Arrow types that a prepared statement asks its parameters in.

They are what the JDBC driver can bind, since it builds its vectors from them: it writes milliseconds into a time or a
timestamp of any unit, and knows no way to bind a timestamp with a zone, an interval or a nested value but as text. A
client may bind values of any other type: what comes keeps its type.
"""

from collections.abc import Sequence

import pyarrow as pa

from server.errors import Unsupported
from server.sql.arrow_types import arrow_type
from server.sql.parameters import UNKNOWN, ValueTypes


def announced(type_name: str) -> pa.DataType:
    """type_name: DuckDB's, or UNKNOWN, which is asked for as text."""
    arrow = _arrow(type_name)
    if arrow is None or _asked_as_text(arrow):
        return pa.string()
    if pa.types.is_timestamp(arrow):
        return pa.timestamp("ms")
    return pa.time32("ms") if pa.types.is_time(arrow) else arrow


def as_described(value_types: ValueTypes, table: pa.Table, types: Sequence[str], time_zone: str) -> pa.Table:
    """Turn texts into values of the types that were asked for as text, and timestamps that were asked for in
    milliseconds into microseconds, since DuckDB has no cast between its coarser ones. types: DuckDB's, one per column.
    time_zone: the session's.

    Raises InvalidArgument for a text that is no such value.
    """
    for position, type_name in enumerate(types[: table.num_columns]):
        field, arrow = table.schema.field(position), _arrow(type_name)
        if pa.types.is_string(field.type) and arrow is not None and _asked_as_text(arrow):
            values = value_types.cast(table.column(position), type_name, time_zone)
            table = table.set_column(position, field.name, values)
        elif field.type in (pa.timestamp("ms"), pa.timestamp("s")) and arrow is not None:
            table = table.set_column(position, field.name, table.column(position).cast(pa.timestamp("us")))
    return table


def _arrow(type_name: str) -> pa.DataType | None:
    try:
        return None if type_name == UNKNOWN else arrow_type(type_name)
    except Unsupported:
        return None


def _asked_as_text(arrow: pa.DataType) -> bool:
    zoned = pa.types.is_timestamp(arrow) and arrow.tz is not None
    nested = pa.types.is_nested(arrow) and not pa.types.is_list(arrow) and not pa.types.is_fixed_size_list(arrow)
    return zoned or nested or pa.types.is_interval(arrow) or pa.types.is_dictionary(arrow)
