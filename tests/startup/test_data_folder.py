"""One data folder: who may start on it, and what happens when something in it is not as it was left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog.direct import stopped_lake
from tests.harness import ROOT, Server
from tests.startup.refusal import refusal


@pytest.fixture
def stopped(data: Path) -> Server:
    """A server that has run once, with one table of one row, and was stopped."""
    with Server(data) as server:
        server.rows("CREATE TABLE kept AS SELECT 42 AS answer")
    return server


def catalog_of(server: Server) -> Path:
    return server.data / "catalog" / "lake.ducklake"


def test_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(server: Server) -> None:
    second = Server(server.data)
    second.log = server.data.parent / "second.log"
    assert refusal(second) == f"data folder {server.data} is in use by the server with pid {server.pid}"
    assert server.rows("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.parametrize("name", ["tombstone-hmac", "certificate-signing", "journal-signing"])
@pytest.mark.parametrize("left", [0, 31])
def test_key_that_is_cut_off_is_refused(stopped: Server, name: str, left: int) -> None:
    key = stopped.data / "keys" / name
    whole = key.read_bytes()
    key.write_bytes(whole[:left])
    assert refusal(Server(stopped.data)) == f"{key} is no key of 32 bytes: bring it back from a backup"
    key.write_bytes(whole)
    with Server(stopped.data) as again:
        assert again.rows("FROM kept") == [{"answer": 42}]


def test_folder_is_free_again_once_its_server_was_killed(data: Path) -> None:
    server = Server(data).start()
    server.kill()
    with Server(data) as again:
        assert again.rows("SELECT 1 AS one") == [{"one": 1}]


def test_lake_of_a_newer_schema_is_refused_and_left_as_it_is(stopped: Server) -> None:
    with stopped_lake(stopped.data) as lake:
        lake.execute("INSERT INTO lakehouse.catalog.migrations VALUES (9000, '9000_future.sql', 'x', now())")
        before = lake.execute("FROM lakehouse.current_snapshot()").fetchall()
    message = refusal(Server(stopped.data))
    assert "the lake has schema version 9000" in message
    assert "run the newer server" in message
    with stopped_lake(stopped.data) as lake:
        assert lake.execute("FROM lakehouse.current_snapshot()").fetchall() == before


def test_migration_that_changed_after_it_was_applied_is_refused(stopped: Server) -> None:
    with stopped_lake(stopped.data) as lake:
        lake.execute("UPDATE lakehouse.catalog.migrations SET checksum = 'other' WHERE version = 1")
    assert "migration 0001_control_tables.sql was changed after it was applied" in refusal(Server(stopped.data))


def test_folder_that_was_moved_keeps_everything(stopped: Server, tmp_path: Path) -> None:
    moved = tmp_path / "an other 'place' [1]"
    stopped.data.rename(moved)
    with Server(moved) as server:
        server.rows("INSERT INTO kept VALUES (43)")
        server.rows("UPDATE kept SET answer = answer + 1 WHERE answer = 42")
    moved.rename(stopped.data)
    with Server(stopped.data) as server:
        assert server.rows("FROM kept") == [{"answer": 43}, {"answer": 43}]


def test_lake_data_that_is_elsewhere_is_told_with_both_places(stopped: Server, tmp_path: Path) -> None:
    message = refusal(Server(stopped.data, "--lake-data", str(tmp_path / "elsewhere")))
    assert "Cannot open file" in message
    assert f"its catalog is {catalog_of(stopped)}, its data {tmp_path}/elsewhere/" in message


def test_catalog_that_is_missing_beside_its_data_is_not_made_anew(stopped: Server) -> None:
    catalog_of(stopped).unlink()
    message = refusal(Server(stopped.data))
    assert f"the catalog {catalog_of(stopped)} is missing" in message
    assert not catalog_of(stopped).exists()


@pytest.mark.parametrize("damage", ["empty", "other", "half", "zeros"])
def test_damaged_catalog_is_told_by_name(stopped: Server, damage: str) -> None:
    whole = catalog_of(stopped).read_bytes()
    damaged = {
        "empty": b"",
        "other": b"no database at all\n" * 1000,
        "half": whole[: len(whole) // 2],
        "zeros": whole[:20_480] + bytes(20_480) + whole[40_960:],
    }
    catalog_of(stopped).write_bytes(damaged[damage])
    message = refusal(Server(stopped.data))
    assert str(catalog_of(stopped)) in message
    catalog_of(stopped).write_bytes(whole)
    with Server(stopped.data) as server:
        assert server.rows("FROM kept") == [{"answer": 42}]


def test_what_a_killed_server_left_in_uploads_and_tmp_is_removed(stopped: Server) -> None:
    left = [stopped.data / "uploads" / "half", stopped.data / "tmp" / "spilled" / "block", stopped.data / "tmp" / "x"]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"left behind")
    with Server(stopped.data):
        assert list((stopped.data / "uploads").iterdir()) == []
        assert not any(file.exists() for file in left)


def test_second_server_removes_nothing_of_the_first(server: Server) -> None:
    upload = server.data / "uploads" / "being-read"
    upload.write_bytes(b"in use")
    second = Server(server.data)
    second.log = server.data.parent / "second.log"
    refusal(second)
    assert upload.exists()
    upload.unlink()


def test_folder_that_can_not_be_made_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    server = Server(tmp_path / "file" / "data")
    server.log = tmp_path / "server.log"
    assert refusal(server) == f"data folder {tmp_path}/file/data: Not a directory"


def test_folder_that_is_not_writable_is_told_by_name(data: Path) -> None:
    data.mkdir(mode=0o500)
    # The administrator of the machine may write everywhere, unless the capability is taken away.
    bound = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    ended = subprocess.run(
        [*bound, sys.executable, "-m", "server", "serve", "--data", str(data), "--port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (1, f"error: data folder {data}: Permission denied\n")


def test_port_in_use_is_told_by_address(server: Server, data: Path) -> None:
    message = refusal(Server(data, "--port", str(server.port)))
    assert message == f"can't listen on 127.0.0.1:{server.port}: Address already in use"
    assert not data.exists()
