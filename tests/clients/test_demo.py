"""The demo's parts that need no server: its folder, its child process, its tour file."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clients.demo.folder import DemoFolder
from clients.demo.server_process import ServerStartError, running
from clients.demo.tour import stops

SERVER = """
import os, signal, sys
print("starting"); print("ready grpc://127.0.0.1:7", flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(os.environ["SECRET"], "stopped", file=sys.stderr)))
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


def test_clients_import_nothing_of_the_server() -> None:
    program = (
        "import clients.cli.root, clients.demo.tour, clients.demo.samples, sys;"
        "print({name.partition('.')[0] for name in sys.modules} & {'server', 'flight', 'udfs', 'catalog_sql'})"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
