"""The bytes of the texts in Arrow arrays, as needles look through them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from server.scanning.needles import Bytes, Places

_TEXTS = (
    pa.types.is_string,
    pa.types.is_binary,
    pa.types.is_large_string,
    pa.types.is_large_binary,
    pa.types.is_string_view,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


def texts_in(array: Any) -> Iterator[tuple[Bytes, Places]]:
    """(bytes, borders) of the texts and byte strings in an array of any type, however deep they lie: one value after
    the other, and where each ends. No NULL, nor what is below one, nor what a slice leaves out."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        yield from texts_in(array.storage)
    elif pa.types.is_struct(kind):
        for child in array.flatten():
            yield from texts_in(child)
    elif pa.types.is_map(kind):
        entries = pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
        yield from texts_in(array.cast(entries))
    elif pa.types.is_nested(kind):
        yield from texts_in(array.flatten())
    elif pa.types.is_dictionary(kind):
        yield from texts_in(array.dictionary_decode())
    elif _is_text(kind):
        yield _flat(array)


def _is_text(kind: pa.DataType) -> bool:
    return any(is_it(kind) for is_it in _TEXTS)


def _flat(array: Any) -> tuple[Bytes, Places]:
    values: Any = array.cast(pa.large_binary()).drop_null()
    _, offsets, held = values.buffers()
    if not len(values) or held is None:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    borders = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(held, np.uint8)[borders[0] : borders[-1]], borders[1:] - borders[0]
