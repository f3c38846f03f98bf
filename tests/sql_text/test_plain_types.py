import duckdb
import pyarrow as pa
import pytest

from server.sql.plain_types import without_dictionaries

ENUM = "'b'::ENUM('a', 'b')"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (ENUM, pa.string()),
        (f"[{ENUM}, NULL]", pa.list_(pa.field("l", pa.string()))),
        (f"[{ENUM}]::ENUM('a', 'b')[1]", pa.list_(pa.field("", pa.string()), 1)),
        (f"{{'x': {ENUM}, 'y': [1]}}", pa.struct([("x", pa.string()), ("y", pa.list_(pa.field("l", pa.int32())))])),
        (f"MAP {{{ENUM}: [{ENUM}]}}", pa.map_(pa.string(), pa.list_(pa.field("l", pa.string())))),
        ("1::SMALLINT", pa.int16()),
    ],
)
def test_a_batch_can_be_cast_to_the_schema_without_dictionaries(expression: str, expected: pa.DataType) -> None:
    table = duckdb.sql(f"SELECT {expression} AS v").to_arrow_table()
    plain = without_dictionaries(table.schema)
    assert plain.field("v").type == expected
    assert table["v"].cast(plain.field("v").type).to_pylist() == table["v"].to_pylist()
