"""Runs the .test files beside it, each in a schema of its own on the shared server."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.harness import Server, query
from tests.sql.script import Block, blocks, shown

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.test"))


@pytest.fixture(scope="module")
def opened(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as connection:
        yield connection


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_file_holds(server: Server, opened: dbapi.Connection, file: Path) -> None:
    schema = f"test_{file.parent.name}_{file.stem}"
    names = {"schema": schema, "import": server.data / "import", "export": server.data / "export"}
    text = Template(file.read_text()).safe_substitute(names)
    query(opened, f"CREATE SCHEMA {schema}")
    try:
        with server.connect() as connection:
            query(connection, f"USE {schema}")
            for block in blocks(text):
                _check(connection, block)
    finally:
        query(opened, f"DROP SCHEMA {schema} CASCADE")


def _check(connection: dbapi.Connection, block: Block) -> None:
    where = f"line {block.line}: {block.sql}"
    table, failure = _run(connection, block.sql)
    if block.kind == "statement error":
        assert failure, f"{where}: it ran"
        assert "\n".join(block.expected) in failure, where
        return
    assert table is not None, f"{where}: {failure}"
    if block.kind.startswith("query"):
        rows = ["\t".join(shown(column[row].as_py()) for column in table.columns) for row in range(table.num_rows)]
        expected = list(block.expected)
        if block.kind == "query rowsort":
            rows, expected = sorted(rows), sorted(expected)
        assert rows == expected, where


def _run(connection: dbapi.Connection, sql: str) -> tuple[pa.Table | None, str]:
    """The rows, or what went wrong."""
    try:
        return query(connection, sql), ""
    except dbapi.Error as error:
        return None, str(lakehouse_error(error))


def test_there_are_files() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("text", ["query\n", "statement error\nSELECT 1", "surprise\nSELECT 1", "statement ok\n----\n"])
def test_a_file_that_is_malformed_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        blocks(text)
