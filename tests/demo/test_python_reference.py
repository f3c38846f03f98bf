"""The Python reference as a dataset."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from server.ingest.python_reference import SCHEMA, topics


@pytest.fixture(scope="module")
def reference() -> pa.Table:
    return topics()


def body_of(reference: pa.Table, topic: str) -> str:
    return str(reference.filter(pc.field("topic") == topic)["body"][0].as_py())


def column(reference: pa.Table, name: str) -> list[Any]:
    return reference[name].to_pylist()


def test_reference_is_the_same_each_time(reference: pa.Table) -> None:
    assert reference.schema == SCHEMA
    assert reference.equals(topics())


def test_topics_are_many_in_order_and_unique_in_key_and_body(reference: pa.Table) -> None:
    keys = column(reference, "topic")
    assert len(keys) >= 70
    assert keys == sorted(set(keys))
    assert len(set(column(reference, "body"))) == len(keys)


def test_chars_count_the_body(reference: pa.Table) -> None:
    assert column(reference, "chars") == [len(body) for body in column(reference, "body")]
    assert min(column(reference, "chars")) > 100


def test_title_is_the_first_heading_and_is_not_repeated(reference: pa.Table) -> None:
    row = reference.filter(pc.field("topic") == "assert").to_pylist()[0]
    assert row["title"] == 'The "assert" statement'
    assert row["body"].startswith(
        "Assert statements are a convenient way to insert debugging assertions into a program:"
    )


def test_no_underlines_rules_or_footnotes_are_left(reference: pa.Table) -> None:
    lines = "\n".join(column(reference, "body")).splitlines()
    assert [line for line in lines if len(line) > 2 and set(line) <= set("*=-~")] == []
    assert [line for line in lines if "Footnotes" in line] == []


def test_paragraphs_are_unwrapped_and_code_keeps_its_lines(reference: pa.Table) -> None:
    assert "\n   if __debug__:\n       if not expression: raise AssertionError\n" in body_of(reference, "assert")
    assert "\nCalled to create a new instance of class *cls*.  " in body_of(reference, "customization")


def test_marks_of_footnotes_leave_prose_and_stay_in_code(reference: pa.Table) -> None:
    assert "If the subject value is not a sequence, the sequence pattern fails." in body_of(reference, "compound")
    assert "[[3], [3], [3]]" in body_of(reference, "typesseq")
