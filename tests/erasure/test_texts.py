"""The texts of Arrow arrays: their values, and nothing that a slice or a NULL hides."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from server.scanning.needles import Needles
from server.scanning.texts import texts_in

LETTERS = st.text("ab", max_size=12)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(LETTERS | st.none(), max_size=12), st.lists(st.text("ab", min_size=8, max_size=11), max_size=8), st.data()
)
def test_a_slice_of_any_text_array_shows_its_values_only(
    values: list[str | None], texts: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(values)))
    kept = values[first : data.draw(st.integers(first, len(values)))]
    texts = list(dict.fromkeys(texts))
    expected = {n for n, text in enumerate(texts) if any(text in value for value in kept if value is not None)}
    kinds = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
    for kind in [*kinds, pa.binary(), pa.large_binary(), pa.binary_view()]:
        whole = pa.array([v if v is None or "str" in str(kind) else v.encode() for v in values], kind)
        assert found(whole.slice(first, len(kept)), texts) == expected, kind


def found(array: Any, texts: list[str]) -> set[int]:
    needles = Needles.of(texts)
    return set().union(*(needles.find(held, borders) for held, borders in texts_in(array)))


def test_what_a_slice_or_a_null_hides_of_nested_arrays_is_not_there() -> None:
    hidden, shown = "hidden away", "plainly seen"
    text = pa.array([hidden, shown, shown])
    lists = [pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_(pa.string(), 1), pa.list_view(pa.string())]
    arrays = [pa.array([[hidden], None, [shown]], kind).slice(1) for kind in lists]
    arrays += [pa.array([[(hidden, 1)], None, [(shown, 2)]], pa.map_(pa.string(), pa.int64())).slice(1)]
    arrays += [pa.StructArray.from_arrays([text], ["x"], mask=pa.array([True, False, False]))]
    arrays += [pa.StructArray.from_arrays([text], ["x"]).slice(1), pa.array([shown.encode()], pa.binary(len(shown)))]
    arrays += [pa.ExtensionArray.from_storage(pa.json_(), pa.array([shown]))]
    for array in arrays:
        assert found(array, [hidden, shown]) == {1}, array.type
    assert found(pa.array([1, 2]), [hidden]) == set()
