"""The demo's parts that need no server: its folder, its child process, its tour file."""

import io
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import _duckdb
import pytest
from adbc_driver_manager import dbapi
from rich.console import Console

from clients.demo.folder import DemoFolder
from clients.demo.samples import build_indexes
from clients.demo.server_process import ServerStartError, running
from clients.demo.tour import stops
from clients.python import JobProgress, Operations
from tests.clients.stand_in import PASSWORD, StandIn

SERVER = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(os.environ["SECRET"], "stopped", file=sys.stderr)))
print("starting"); print("ready grpc://127.0.0.1:7", flush=True)
while True: signal.pause()
"""


def test_folder_and_password_are_the_owners_alone_and_made_once(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    password = folder.prepare()
    assert len(password) >= 32
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.password_file.stat().st_mode) == 0o600
    assert folder.prepare() == password


def test_server_is_ready_inside_the_context_and_stopped_in_order_after_it(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with running([sys.executable, "-c", SERVER], {"SECRET": "given"}, log) as uri:
        assert uri == "grpc://127.0.0.1:7"
    assert log.read_text() == "given stopped\n"


def test_server_that_does_not_start_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    program = "import sys; print('\\n'.join(map(str, range(100))), 'port taken', file=sys.stderr); sys.exit(1)"
    with pytest.raises(ServerStartError) as caught, running([sys.executable, "-c", program], {}, tmp_path / "log"):
        pytest.fail("it never said that it was ready")
    lines = str(caught.value).splitlines()
    assert lines[-1] == "99 port taken"
    assert len(lines) == 20


def test_tour_has_a_title_and_one_statement_a_stop() -> None:
    tour = list(stops())
    assert len(tour) >= 6
    assert all(stop.title and stop.statement.count(";") == 1 and stop.statement.endswith(";") for stop in tour)


def test_ready_index_is_kept_and_an_unfinished_one_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, str]] = []

    def call(name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        called.append((name, arguments["name"]))
        return [{"job_id": "j1"}]

    answers = {name: partial(call, name) for name in ("drop_index", "create_index")}
    ended = JobProgress("j1", "index", "succeeded", 1, 1, None, None, None)
    monkeypatch.setattr(Operations, "watch", lambda *_: iter([ended]))
    with (
        StandIn(answers, {}) as server,
        Operations(server.uri, password=PASSWORD) as operations,
        dbapi.connect(driver=_duckdb.__file__, entrypoint="duckdb_adbc_init", autocommit=True) as lake,
    ):
        with lake.cursor() as cursor:
            cursor.execute("CREATE SCHEMA catalog")
            cursor.execute("CREATE TABLE catalog.vector_indexes(index_name VARCHAR, status VARCHAR)")
            cursor.execute(
                "INSERT INTO catalog.vector_indexes VALUES ('python_reference', 'ready'), ('resumes', 'failed')"
            )
        build_indexes(operations, lake, Console(file=io.StringIO()))
    assert called == [("drop_index", "resumes"), ("create_index", "resumes")]


def test_clients_import_nothing_of_the_server() -> None:
    program = (
        "import clients.cli.root, clients.demo.tour, clients.demo.samples, sys;"
        "print({name.partition('.')[0] for name in sys.modules} & {'server', 'flight', 'udfs', 'catalog_sql'})"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
