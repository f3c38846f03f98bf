"""What is different between two schemas, and which differences are renames."""

from server.evolution.diff import Column, compare
from server.evolution.renames import find_renames

TABLE = [Column.of("id", "INTEGER"), Column.of("Name", "VARCHAR"), Column.of("score", "INTEGER")]


def columns(**types: str) -> list[Column]:
    return [Column.of(name, kind) for name, kind in types.items()]


def test_same_columns_fit_in_any_order_and_letter_case() -> None:
    diff = compare(TABLE, columns(SCORE="INTEGER", name="VARCHAR", id="INTEGER"))
    assert diff.fits
    assert diff.reordered
    assert [(pair.table.name, pair.new.name) for pair in diff.recased] == [("Name", "name"), ("score", "SCORE")]
    assert not compare(TABLE, TABLE).reordered


def test_letters_beyond_a_to_z_are_told_apart_by_case_as_duckdb_does() -> None:
    diff = compare(columns(id="INTEGER", Ä="INTEGER"), columns(ID="INTEGER", ä="INTEGER"))
    assert [column.name for column in diff.added] == ["ä"]
    assert [column.name for column in diff.missing] == ["Ä"]


def test_missing_column_fits_and_added_one_does_not() -> None:
    assert compare(TABLE, columns(id="INTEGER")).fits
    diff = compare(TABLE, columns(id="INTEGER", more="DATE"))
    assert not diff.fits
    assert [column.name for column in diff.added] == ["more"]
    assert [column.name for column in diff.missing] == ["Name", "score"]


def test_type_is_narrower_wider_or_another() -> None:
    assert compare(TABLE, columns(id="SMALLINT", name="DATE")).fits
    diff = compare(TABLE, columns(id="BIGINT", score="VARCHAR"))
    assert [(pair.table.name, kind.name) for pair, kind in diff.widened] == [("id", "BIGINT")]
    assert [pair.table.name for pair in diff.unsure] == ["score"]


def test_rename_is_found_by_name_by_values_and_by_both() -> None:
    missing, added = columns(cust_name="VARCHAR", state="VARCHAR"), columns(customerName="VARCHAR", kind="VARCHAR")
    many = {name: frozenset(f"{name} {n}" for n in range(20)) for name in ("people", "states")}
    old = {"cust_name": many["people"], "state": many["states"]}
    new = {"customername": many["people"], "kind": many["states"]}
    found = {rename.old.name: rename for rename in find_renames(missing, added, old, new)}
    assert {name: rename.new.name for name, rename in found.items()} == {"cust_name": "customerName", "state": "kind"}
    assert found["cust_name"].confidence > found["state"].confidence > 0.5
    by_name = find_renames(missing, added, {}, {})
    assert [(rename.old.name, rename.new.name) for rename in by_name] == [("cust_name", "customerName")]
    assert by_name[0].confidence < found["cust_name"].confidence


def test_few_values_in_common_say_little() -> None:
    both = frozenset({"true", "false"})
    assert (
        find_renames(columns(active="BOOLEAN"), columns(deleted="BOOLEAN"), {"active": both}, {"deleted": both}) == []
    )


def test_column_of_an_incomparable_type_is_no_rename() -> None:
    assert find_renames(columns(born="DATE"), columns(born_at="BLOB"), {}, {}) == []


def test_each_column_is_in_one_rename_at_most() -> None:
    found = find_renames(columns(phone="VARCHAR"), columns(phone_number="VARCHAR", Phone_1="VARCHAR"), {}, {})
    assert len(found) == 1


def test_among_very_many_columns_only_names_of_the_same_words_are_renames() -> None:
    missing = columns(**{f"measured_value_{n}": "VARCHAR" for n in range(1000)}, cust_name="VARCHAR")
    added = columns(**{f"measuredValue{n}": "VARCHAR" for n in range(1000)}, customer_name="VARCHAR")
    found = find_renames(missing, added, {}, {})
    assert {rename.old.name: rename.new.name for rename in found} == {
        f"measured_value_{n}": f"measuredValue{n}" for n in range(1000)
    }
    twins = columns(**{"value_1": "VARCHAR", "value-1": "VARCHAR"})
    assert find_renames(missing + twins, [*added, *columns(Value1="VARCHAR")], {}, {}) == found
