"""ibis through the package ibis-gizmosql, unchanged. Run by test_dialects.py in an environment of its own."""

import os
from collections.abc import Iterator
from typing import Any

import ibis
import pandas as pd
import pytest

# mypy: disable-error-code="import-not-found,misc"
pytestmark = pytest.mark.filterwarnings("ignore")  # the package uses what ibis has deprecated


@pytest.fixture(scope="module")
def lake() -> Iterator[Any]:
    host, _, port = os.environ["LAKEHOUSE_TEST_ADDRESS"].partition(":")
    made = ibis.gizmosql.connect(
        host=host,
        port=int(port),
        user="admin",
        password=os.environ["LAKEHOUSE_TEST_PASSWORD"],
        use_encryption=False,
    )
    made.create_table("ib_rows", ibis.memtable({"a": [1, 2, 3], "b": ["x", "y", "x"]}), overwrite=True)
    yield made
    made.disconnect()


def test_a_table_is_read(lake: Any) -> None:
    rows = lake.table("ib_rows")
    assert rows.columns == ("a", "b")
    assert rows.order_by("a").to_pyarrow()["a"].to_pylist() == [1, 2, 3]


def test_expressions(lake: Any) -> None:
    rows = lake.table("ib_rows")
    found = rows.filter(rows.a < 4).group_by("b").agg(n=rows.a.sum()).order_by("b").execute()
    assert found.to_dict("list") == {"b": ["x", "y"], "n": [4, 2]}
    assert rows.a.mean().execute() == 2.0
    joined = rows.join(rows.view(), "b").count().execute()
    assert joined == 5


def test_sql(lake: Any) -> None:
    assert lake.sql("SELECT 1 AS one").execute()["one"].tolist() == [1]
    assert lake.raw_sql("SELECT 5").fetchall() == [(5,)]


def test_tables_and_views_are_made_listed_and_dropped(lake: Any) -> None:
    rows = lake.table("ib_rows")
    lake.create_table("ib_copy", rows.select("a"), overwrite=True)
    lake.create_view("ib_view", rows.select("b"), overwrite=True)
    assert {"ib_rows", "ib_copy", "ib_view"} <= set(lake.list_tables())
    assert lake.table("ib_copy").count().execute() == 3
    lake.insert("ib_copy", [(4,)])
    assert lake.table("ib_copy").count().execute() == 4
    lake.drop_view("ib_view")
    lake.drop_table("ib_copy")
    assert not {"ib_copy", "ib_view"} & set(lake.list_tables())


def test_schemas_are_listed(lake: Any) -> None:
    assert {"main", "catalog"} <= set(lake.list_databases())


def test_frames_are_sent_along(lake: Any) -> None:
    assert lake.execute(ibis.memtable(pd.DataFrame({"x": [1, 2]})).x.sum()) == 3
