"""Arrow schemas as a stream of record batches can carry them."""

import pyarrow as pa

from server.errors import Unsupported
from server.sql.arrow_types import ArrowField


def without_dictionaries(schema: pa.Schema) -> pa.Schema:
    """The schema with each dictionary, which is how DuckDB exports an ENUM, replaced by its values' type, nested ones
    too: pyarrow's Flight server leaves the dictionaries out of a stream of batches, and clients then can't read it.

    Raises Unsupported for a dictionary inside a union.
    """
    return pa.schema([_plain(field) for field in schema]).with_metadata(schema.metadata)


def _plain(field: ArrowField) -> ArrowField:
    return field.with_type(_type(field.type))


def _has_dictionary(arrow: pa.DataType) -> bool:
    if isinstance(arrow, pa.DictionaryType):
        return True
    return any(_has_dictionary(arrow.field(i).type) for i in range(arrow.num_fields))


def _type(arrow: pa.DataType) -> pa.DataType:
    match arrow:
        case pa.DictionaryType():
            value: pa.DataType = arrow.value_type
            return value
        case pa.FixedSizeListType():
            return pa.list_(_plain(arrow.value_field), arrow.list_size)
        case pa.ListType():
            return pa.list_(_plain(arrow.value_field))
        case pa.MapType():
            # The stubs know map_() of types only.
            return pa.map_(_plain(arrow.key_field), _plain(arrow.item_field))  # type: ignore[call-overload, no-any-return]
        case pa.StructType():
            return pa.struct([_plain(arrow.field(i)) for i in range(arrow.num_fields)])
        case pa.UnionType() if any(_has_dictionary(arrow.field(i).type) for i in range(arrow.num_fields)):
            # Arrow can cast no union, so its members can't become plain.
            raise Unsupported("an ENUM inside a UNION can't be sent: cast the column, for example to VARCHAR")
    return arrow
