"""What other parts of the server ask: everything downstream of a dataset or a column."""

from collections.abc import Iterator

import pytest

from server.application import Application
from server.config import Settings
from server.lineage.graph import Derived, Grade, dependents_of_column, derived_datasets, flows_from
from tests.harness import PASSWORD
from udfs.register import register

STATEMENTS = (
    "CREATE TABLE lakehouse.main.base AS SELECT 1 AS id, 'x' AS name",
    "CREATE VIEW lakehouse.main.seen AS SELECT name FROM lakehouse.main.base WHERE id > 0",
    "CREATE TABLE lakehouse.main.made AS SELECT name FROM lakehouse.main.seen",
    "CREATE TABLE lakehouse.main.counted AS SELECT count(*) AS n FROM lakehouse.main.base",
    "CREATE TABLE lakehouse.main.filtered AS SELECT 1 AS one FROM lakehouse.main.base WHERE id = 1",
    "INSERT INTO lakehouse.main.base SELECT 2, name FROM lakehouse.main.made",
)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    made = Application.make(Settings(data=tmp_path_factory.mktemp("graph") / "data"), {})
    register(made)
    sessions, _, _ = made.start(PASSWORD)
    for text in STATEMENTS:
        made.engine.commit("admin", "test", lambda cursor, text=text: made.lineage.recorded(cursor, text, "admin"))  # type: ignore[misc]
    yield made
    sessions.stop()
    made.stop()


def test_derived_datasets_are_all_below_with_whether_values_flow(application: Application) -> None:
    found = application.engine.read(lambda cursor: derived_datasets(cursor, "BASE"))
    assert found == [
        Derived("counted", "table", True),  # of which columns nothing is known
        Derived("filtered", "table", False),
        Derived("made", "table", True),
        Derived("seen", "view", True),
    ]


def test_dependents_of_a_column_leave_out_what_does_not_read_it(application: Application) -> None:
    found = application.engine.read(lambda cursor: dependents_of_column(cursor, "base", "name"))
    read_again = {(each.dataset, each.column) for each in found if each.reads}
    assert read_again == {("seen", "name")}
    assert {(each.dataset, each.column) for each in found if each.direct} == {
        ("seen", "name"),
        ("made", "name"),
        ("base", "name"),
    }
    assert "filtered" not in {each.dataset for each in found}


def test_flows_tell_what_becomes_of_values_on_all_steps_together(application: Application) -> None:
    found = application.engine.read(lambda cursor: flows_from(cursor, ["BASE"]))
    assert {(flow.dataset.name, flow.source_column, flow.column, flow.grade) for flow in found} == {
        ("counted", None, None, Grade.SEVERAL),
        ("counted", "name", None, Grade.SEVERAL),  # around the circle
        ("made", "name", "name", Grade.SAME),
    }


def test_renames_are_followed_beyond_the_snapshots_that_tell_them(application: Application) -> None:
    def run(text: str) -> None:
        application.engine.commit("admin", "test", lambda cursor: application.lineage.recorded(cursor, text, "admin"))

    run("CREATE TABLE lakehouse.main.early AS SELECT 1 AS a")
    run("CREATE TABLE lakehouse.main.late AS SELECT a AS b FROM lakehouse.main.early")
    run("ALTER TABLE lakehouse.main.late RENAME COLUMN b TO c")
    run("ALTER TABLE lakehouse.main.late RENAME TO latest")
    run("ALTER TABLE lakehouse.main.early RENAME TO earliest")
    with application.engine.history:
        application.lineage.settle()
        expire = "CALL ducklake_expire_snapshots('lakehouse', older_than => now())"
        application.engine.read(lambda cursor: cursor.execute(expire).table())
    columns = "source_dataset, source_column, target_column"
    sql = f"SELECT {columns} FROM lakehouse.catalog.lineage WHERE target_dataset = 'latest'"
    assert application.engine.read(lambda cursor: cursor.rows(sql)) == [("earliest", "a", "c")]
    application.lineage.settle()
    recorded = "SELECT count(*) FROM lakehouse.catalog.lineage_events WHERE target_name = 'late'"
    assert application.engine.read(lambda cursor: cursor.rows(recorded)) == [(2,)]
