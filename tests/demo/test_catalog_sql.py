"""The loader of SQL files."""

from pathlib import Path

import pytest

import catalog_sql
from catalog_sql import load, named_queries


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of `catalog_sql/`."""
    monkeypatch.setattr(catalog_sql, "files", lambda package: tmp_path)
    return tmp_path


def test_files_are_loaded_by_their_path_below_the_folder() -> None:
    assert load("demo/staffing/clients.sql").startswith("-- Companies that hire")


def test_missing_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load("demo/staffing/nothing.sql")


def test_queries_are_found_by_name_and_keep_their_own_comments(folder: Path) -> None:
    (folder / "some.sql").write_text(
        "-- About this file.\n\n-- one --\nSELECT 1;\n-- why\n\n-- two --\nSELECT 2\n  + 2;\n"
    )
    assert named_queries("some.sql") == {"one": "SELECT 1;\n-- why", "two": "SELECT 2\n  + 2;"}


def test_name_that_comes_twice_is_an_error(folder: Path) -> None:
    (folder / "some.sql").write_text("-- one --\nSELECT 1;\n-- one --\nSELECT 2;\n")
    with pytest.raises(ValueError, match="two queries named one"):
        named_queries("some.sql")
