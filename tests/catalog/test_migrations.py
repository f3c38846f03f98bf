"""The control schema: the same however it was reached, recorded, and described in full."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from server.catalog.migrate import SqlFile, migrate, migrations, views
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.engine import Engine
from server.errors import StartupError
from server.sql.tree import Parser
from tests.harness import query

TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lakehouse' AND schema_name = 'catalog'"


@contextmanager
def engine_on(data: Path) -> Iterator[Engine]:
    """An engine without its server: views over the process's state need SQL functions that only a server registers."""
    settings = Settings(data=data)
    folder = DataFolder(data)
    folder.make()
    engine = Engine(settings, folder)
    try:
        yield engine
    finally:
        engine.close()


def statements_of(files: Sequence[SqlFile]) -> list[SqlFile]:
    """The same migrations, cut into as many steps as there are statements."""
    parser, steps = Parser(), list[SqlFile]()
    for file in files:
        for statement in parser.statements(file.text):
            steps.append(SqlFile(len(steps) + 1, f"{len(steps) + 1:04}_step.sql", statement.query))
    return steps


def shape(engine: Engine) -> list[tuple[Any, ...]]:
    """Every column of every control table with its type, nullability, default and comments."""
    return engine.read(
        lambda cursor: cursor.rows(
            "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default, c.comment, t.comment "
            "FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, schema_name, table_name) "
            "WHERE c.schema_name = 'catalog' ORDER BY c.table_name, c.column_index"
        )
    )


@pytest.fixture
def no_views(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.catalog.migrate.views", list)


@pytest.mark.usefixtures("no_views")
def test_schema_built_in_one_go_equals_the_one_built_step_by_step(tmp_path: Path) -> None:
    known, steps = migrations(), statements_of(migrations())
    assert len(steps) > len(known)
    with engine_on(tmp_path / "one") as one, engine_on(tmp_path / "steps") as stepwise:
        assert migrate(one, Parser(), known) == len(known)
        for count in (1, len(steps) // 2, len(steps)):
            migrate(stepwise, Parser(), steps[:count])
        assert migrate(stepwise, Parser(), steps) == 0
        assert shape(stepwise) == shape(one)
        assert {row[0] for row in shape(one)} > {"migrations", "ingests"}


@pytest.mark.usefixtures("no_views")
def test_migration_that_fails_leaves_no_trace_and_can_be_repeated(tmp_path: Path) -> None:
    [good] = migrations()[:1]
    broken = SqlFile(2, "0002_broken.sql", "CREATE TABLE lakehouse.catalog.half (a INTEGER); SELECT nope;")
    mended = SqlFile(2, "0002_broken.sql", "CREATE TABLE lakehouse.catalog.half (a INTEGER);")
    with engine_on(tmp_path / "data") as engine:
        migrate(engine, Parser(), [good])
        with pytest.raises(StartupError, match="nope"):
            migrate(engine, Parser(), [good, broken])
        assert "half" not in {row[0] for row in shape(engine)}
        assert migrate(engine, Parser(), [good, mended]) == 1
        assert "half" in {row[0] for row in shape(engine)}


@pytest.mark.usefixtures("no_views")
def test_lake_that_went_further_is_refused(tmp_path: Path) -> None:
    [first] = migrations()[:1]
    second = SqlFile(2, "0002_more.sql", "CREATE TABLE lakehouse.catalog.more (a INTEGER);")
    with engine_on(tmp_path / "data") as engine:
        migrate(engine, Parser(), [first, second])
        with pytest.raises(StartupError, match="schema version 2, this server knows 1"):
            migrate(engine, Parser(), [first])
        changed = SqlFile(1, first.name, first.text + "\n-- changed")
        with pytest.raises(StartupError, match=f"migration {first.name} was changed"):
            migrate(engine, Parser(), [changed, second])


@pytest.mark.usefixtures("no_views")
def test_lake_from_before_keeps_what_was_said_and_when_its_files_were_written(tmp_path: Path) -> None:
    known = migrations()
    events = "lakehouse.catalog.dataset_metadata_events"
    said = [("older", "owner"), ("older", "sensitivity"), ("seen", "owner"), ("gone", "owner"), ("odd.named", "owner")]
    with engine_on(tmp_path / "data") as engine:
        migrate(engine, Parser(), known[:10])
        for text in (
            "CREATE TABLE lakehouse.main.older AS SELECT 1 AS a",
            "CREATE VIEW lakehouse.main.seen AS SELECT 1 AS a",
            "CREATE SCHEMA lakehouse.odd",
            "CREATE TABLE lakehouse.odd.named (a INTEGER)",
            *(f"INSERT INTO {events} VALUES ('{name}', '{key}', 'ann', 'admin', now())" for name, key in said),
            "CALL ducklake_expire_snapshots('lakehouse', older_than => now())",
        ):
            engine.read(lambda cursor, text=text: cursor.execute(text).discard())  # type: ignore[misc]
        migrate(engine, Parser(), known)
        rows = engine.read(lambda c: c.rows(f"SELECT dataset, key, object_id IS NOT NULL FROM {events} ORDER BY ALL"))
        assert rows == [
            *(("gone", "owner", False), ("odd.named", "owner", True), ("older", "owner", True)),
            *(("older", "sensitivity_own", True), ("seen", "owner", True)),
        ]
        text = """SELECT t.table_name, change, actor, changed_at BETWEEN now() - INTERVAL 1 HOUR AND now()
            FROM lakehouse.catalog.dataset_change_events e
            JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = e.object_id"""
        assert engine.read(lambda c: c.rows(text)) == [("older", "changed", None, True)]


def test_ledger_has_a_row_for_each_file_in_order(connection: dbapi.Connection) -> None:
    rows = query(connection, "SELECT version, name, checksum FROM catalog.migrations ORDER BY rowid").to_pylist()
    expected = [{"version": f.version, "name": f.name, "checksum": f.checksum} for f in (*migrations(), *views())]
    assert rows == expected


def test_numbers_of_migrations_have_no_gaps() -> None:
    assert [file.version for file in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_control_table_and_column_has_a_comment(connection: dbapi.Connection) -> None:
    missing = query(
        connection,
        "SELECT table_name, column_name FROM duckdb_columns() c "
        f"WHERE schema_name = 'catalog' AND table_name IN ({TABLES}) AND coalesce(comment, '') = '' "
        "UNION ALL SELECT table_name, NULL FROM duckdb_tables() "
        "WHERE schema_name = 'catalog' AND coalesce(comment, '') = ''",
    )
    assert missing.to_pylist() == []
    assert query(connection, TABLES).num_rows >= 8
