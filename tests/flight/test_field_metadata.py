"""Columns carry the metadata that JDBC and BI tools read."""

import pyarrow as pa
import pytest

from flight.field_metadata import annotate

PREFIX = "ARROW:FLIGHT:SQL:"


def metadata_of(schema: pa.Schema, name: str) -> dict[str, str]:
    found = schema.field(name).metadata or {}
    return {key.decode().removeprefix(PREFIX): value.decode() for key, value in found.items()}


def test_table_column_carries_every_published_key() -> None:
    schema = pa.schema([pa.field("price", pa.decimal128(18, 3), nullable=False)])
    annotated = annotate(
        schema, ["DECIMAL(18,3)"], table="sales", schema_name="main", catalog="lakehouse", remarks=["in euro"]
    )
    assert metadata_of(annotated, "price") == {
        "CATALOG_NAME": "lakehouse",
        "DB_SCHEMA_NAME": "main",
        "TABLE_NAME": "sales",
        "TYPE_NAME": "DECIMAL(18,3)",
        "PRECISION": "18",
        "SCALE": "3",
        "IS_AUTO_INCREMENT": "0",
        "IS_CASE_SENSITIVE": "0",
        "IS_READ_ONLY": "0",
        "IS_SEARCHABLE": "1",
        "REMARKS": "in euro",
    }
    assert annotated.equals(schema)  # but for metadata: names, types and nullability stay


def test_result_column_belongs_to_no_table_and_is_read_only() -> None:
    annotated = annotate(pa.schema([("x", pa.string())]), None)
    assert metadata_of(annotated, "x") == {
        "IS_AUTO_INCREMENT": "0",
        "IS_CASE_SENSITIVE": "1",
        "IS_READ_ONLY": "1",
        "IS_SEARCHABLE": "1",
    }


@pytest.mark.parametrize(
    ("arrow", "precision", "scale"),
    [
        (pa.int8(), "3", "0"),
        (pa.int64(), "19", "0"),
        (pa.uint64(), "20", "0"),
        (pa.decimal128(38, 0), "38", "0"),
        (pa.float64(), None, None),
        (pa.timestamp("s"), None, "0"),
        (pa.timestamp("us", tz="UTC"), None, "6"),
        (pa.time64("ns"), None, "9"),
        (pa.list_(pa.int32()), None, None),
        (pa.opaque(pa.binary(), "bignum", "DuckDB"), None, None),
    ],
)
def test_sizes_follow_from_the_type(arrow: pa.DataType, precision: str | None, scale: str | None) -> None:
    found = metadata_of(annotate(pa.schema([("x", arrow)]), None), "x")
    assert (found.get("PRECISION"), found.get("SCALE")) == (precision, scale)


def test_other_metadata_is_kept() -> None:
    field = pa.field("g", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
    annotated = annotate(pa.schema([field], metadata={"k": "v"}), ["GEOMETRY"])
    assert annotated.metadata == {b"k": b"v"}
    assert metadata_of(annotated, "g")["ARROW:extension:name"] == "geoarrow.wkb"
    assert metadata_of(annotated, "g")["TYPE_NAME"] == "GEOMETRY"


def test_empty_schema_stays_empty() -> None:
    assert len(annotate(pa.schema([]), [])) == 0


@pytest.mark.parametrize("types", [[], ["INTEGER"], ["INTEGER"] * 3])
def test_another_number_of_types_than_fields_is_refused(types: list[str]) -> None:
    with pytest.raises(ValueError, match="zip"):
        annotate(pa.schema([("a", pa.int32()), ("b", pa.int32())]), types)
