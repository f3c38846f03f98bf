"""What commits did is read from DuckLake's own record, and never overlooked."""

import pytest

from server.cache.lake_changes import LakeChanges


def touched(*texts: str, table_id: int = 7) -> bool:
    return LakeChanges.of(10, list(enumerate(texts, 11))).may_touch(table_id)


@pytest.mark.parametrize(
    "text",
    ["inserted_into_table:7", "deleted_from_table:7", "inserted_into_table:3,deleted_from_table:7", "altered_table:7"],
)
def test_a_change_of_the_table_touches_it(text: str) -> None:
    assert touched(text)
    assert touched("inserted_into_table:3", text)


@pytest.mark.parametrize(
    "text", ["", "inserted_into_table:77", "altered_table:3,dropped_table:4", 'created_view:"main"."v"']
)
def test_a_change_of_others_does_not(text: str) -> None:
    assert not touched(text)


@pytest.mark.parametrize(
    "text",
    [
        'created_table:"main"."t"',  # so a rename shows
        "dropped_schema:3",
        "something_new:3",
        'created_view:"main"."a,b"',
        "something new",
    ],
)
def test_what_may_change_names_or_is_not_known_touches_every_table(text: str) -> None:
    assert touched(text)


def test_a_name_can_not_hide_a_change() -> None:
    assert touched('created_view:"main"."x,inserted_into_table:3,y",deleted_from_table:7')
    changes = LakeChanges.of(10, [(11, 'created_view:"a"."b",inserted_into_table:7')])
    assert changes.kinds == {7: frozenset({"inserted_into_table"})}


def test_a_snapshot_that_is_gone_may_have_changed_anything() -> None:
    assert LakeChanges.of(10, [(12, "inserted_into_table:3")]).may_touch(7)
    assert not LakeChanges.of(10, []).may_touch(7)
    assert LakeChanges.of(10, []).newest == 10
