"""SQLAlchemy through the package sqlalchemy-adbc, unchanged. Run by test_dialects.py in an environment of its own."""

import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

# mypy: disable-error-code="import-not-found,misc,no-any-return"

METADATA = sa.MetaData()
PEOPLE = sa.Table(
    "sa_people",
    METADATA,
    sa.Column("id", sa.Integer),
    sa.Column("name", sa.String),
    sa.Column("height", sa.Float),
    sa.Column("born", sa.Date),
)
FIRST = {"id": 1, "name": "x", "height": 1.5, "born": dt.date(2024, 2, 29)}
SECOND = {"id": 2, "name": None, "height": None, "born": None}


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    # The URL's password is sent as a token: name and password go by the driver's own options.
    options = {"username": "admin", "password": os.environ["LAKEHOUSE_TEST_PASSWORD"]}
    url = f"adbc+flightsql://{os.environ['LAKEHOUSE_TEST_ADDRESS']}?tls=false"
    made = sa.create_engine(url, connect_args={"db_kwargs": options})
    METADATA.drop_all(made)
    METADATA.create_all(made)
    with made.begin() as connection:
        connection.execute(PEOPLE.insert(), [FIRST, SECOND])
    yield made
    made.dispose()


def rows(engine: Any, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement, values)]


def test_an_api_key_is_the_password_of_the_url(engine: Any) -> None:
    with engine.connect() as connection:
        call = sa.text("CALL create_key(principal => 'admin', name => 'sqlalchemy', expires_s => 600)")
        key = connection.execute(call).mappings().one()["key"]
    address = os.environ["LAKEHOUSE_TEST_ADDRESS"]
    own = sa.create_engine(f"adbc+flightsql://admin:{key}@{address}?tls=false")
    assert rows(own, sa.text("SELECT 1 AS one")) == [(1,)]
    own.dispose()


def test_text_with_parameters(engine: Any) -> None:
    assert rows(engine, sa.text("SELECT :a AS a, CAST(:b AS INTEGER) AS b"), a="x", b=5) == [("x", 5)]


def test_values_come_back_as_they_went_in(engine: Any) -> None:
    found = sa.select(PEOPLE).order_by(PEOPLE.c.id)
    assert rows(engine, found) == [tuple(FIRST.values()), tuple(SECOND.values())]


def test_expressions(engine: Any) -> None:
    found = sa.select(PEOPLE.c.name, sa.func.count()).where(PEOPLE.c.id >= 1).group_by(PEOPLE.c.name)
    assert set(rows(engine, found)) == {("x", 1), (None, 1)}
    assert rows(engine, sa.select(PEOPLE.c.id).order_by(PEOPLE.c.id.desc()).limit(1)) == [(2,)]


def test_update_and_delete_change_the_rows_they_name(engine: Any) -> None:
    """The package tells no count of them: it runs each statement as a query."""
    late = PEOPLE.c.id >= 7
    with engine.begin() as connection:
        connection.execute(PEOPLE.insert(), [{"id": n, "name": "n"} for n in (7, 8)])
        connection.execute(PEOPLE.update().where(late).values(name="m"))
    assert rows(engine, sa.select(PEOPLE.c.name).where(late)) == [("m",), ("m",)]
    with engine.begin() as connection:
        connection.execute(PEOPLE.delete().where(late))
    assert rows(engine, sa.select(PEOPLE.c.id).where(late)) == []


def test_a_rollback_leaves_nothing(engine: Any) -> None:
    with engine.connect() as connection:
        connection.execute(PEOPLE.insert(), [{"id": 9}])
        connection.rollback()
    assert rows(engine, sa.select(sa.func.count()).select_from(PEOPLE).where(PEOPLE.c.id == 9)) == [(0,)]


def test_reflection(engine: Any) -> None:
    found = sa.inspect(engine)
    assert {"main", "catalog"} <= set(found.get_schema_names())
    assert found.has_table("sa_people")
    assert [column["name"] for column in found.get_columns("sa_people")] == ["id", "name", "height", "born"]
    assert "born" in sa.Table("sa_people", sa.MetaData(), autoload_with=engine).columns


def test_tables_are_not_listed_since_the_package_asks_for_another_word(engine: Any) -> None:
    # It looks for the kind "table" in lower case, Flight SQL's servers say TABLE.
    assert sa.inspect(engine).get_table_names() == []


def test_pandas_reads(engine: Any) -> None:
    frame = pd.read_sql(sa.text("SELECT id, name FROM sa_people ORDER BY id"), engine)
    assert frame["id"].tolist() == [1, 2]


def test_primary_keys_can_not_be_created_in_the_lake(engine: Any) -> None:
    keyed = sa.Table("sa_keyed", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    with pytest.raises(sa.exc.ProgrammingError, match="not supported in DuckLake"):
        keyed.create(engine)
