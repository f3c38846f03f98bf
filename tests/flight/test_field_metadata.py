"""Columns carry the metadata that JDBC and BI tools read."""

import pyarrow as pa
import pytest

from server.sql.field_metadata import annotate, result_schema

PREFIX = "ARROW:FLIGHT:SQL:"


def metadata_of(schema: pa.Schema, name: str) -> dict[str, str]:
    found = schema.field(name).metadata or {}
    return {key.decode().removeprefix(PREFIX): value.decode() for key, value in found.items()}


def test_table_column_carries_every_published_key() -> None:
    schema = pa.schema([pa.field("price", pa.decimal128(18, 3), nullable=False)])
    annotated = annotate(
        schema,
        ["DECIMAL(18,3)"],
        table="sales",
        schema_name="main",
        catalog="lakehouse",
        writable=True,
        remarks=["in euro"],
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
        "TYPE_NAME": "VARCHAR",
    }


@pytest.mark.parametrize(
    ("arrow", "precision", "scale"),
    [
        (pa.int8(), "3", "0"),
        (pa.int64(), "19", "0"),
        (pa.uint64(), "20", "0"),
        (pa.decimal128(38, 0), "38", "0"),
        (pa.float64(), None, None),
        (pa.timestamp("s"), "19", "0"),
        (pa.timestamp("us", tz="UTC"), "35", "6"),
        (pa.time64("ns"), "18", "9"),
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


def test_the_type_named_wins_over_the_arrow_type() -> None:
    types: list[pa.DataType] = [pa.string(), pa.decimal128(38, 0), pa.string()]
    schema = pa.schema(list(zip("uhe", types, strict=True)))
    annotated = annotate(schema, ["UUID", "HUGEINT", "ENUM('a')"])
    assert [metadata_of(annotated, name)["TYPE_NAME"] for name in "uhe"] == ["UUID", "HUGEINT", "ENUM('a')"]
    assert [metadata_of(annotated, name).get("PRECISION") for name in "uhe"] == ["36", "38", None]
    assert [metadata_of(annotated, name)["IS_CASE_SENSITIVE"] for name in "uhe"] == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("arrow", "name"),
    [
        (pa.decimal128(9, 2), "DECIMAL(9,2)"),
        (pa.list_(pa.string()), "VARCHAR[]"),
        (pa.timestamp("us", tz="UTC"), "TIMESTAMP WITH TIME ZONE"),
        (pa.struct([("a", pa.int32())]), None),
    ],
)
def test_without_a_type_the_name_follows_from_arrow(arrow: pa.DataType, name: str | None) -> None:
    assert metadata_of(annotate(pa.schema([("x", arrow)]), None), "x").get("TYPE_NAME") == name


@pytest.mark.parametrize(
    ("type_name", "told"), [("ENUM({})", "ENUM"), ("STRUCT({})", "STRUCT"), ("ENUM({})[]", "LIST")]
)
def test_a_type_of_many_labels_is_told_by_its_word(type_name: str, told: str) -> None:
    full = type_name.format(", ".join(f"'label {n}'" for n in range(500)))
    assert metadata_of(annotate(pa.schema([("x", pa.string())]), [full]), "x")["TYPE_NAME"] == told


def test_a_result_schema_has_no_dictionaries_and_keeps_its_types() -> None:
    schema = pa.schema([("e", pa.list_(pa.dictionary(pa.uint8(), pa.string())))])
    result = result_schema(schema, ["ENUM('a')[]"])
    assert result.field("e").type == pa.list_(pa.string())
    assert metadata_of(result, "e")["TYPE_NAME"] == "ENUM('a')[]"
