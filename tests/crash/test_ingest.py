"""SIGKILL while files and Arrow streams are loaded."""

import base64
import random
import threading
import time
from pathlib import Path

from clients.python import LakehouseError
from tests.crash.client import BATCH_ROWS, acknowledged, working
from tests.harness import Server

KILLS = 10
STREAM_KILLS = 5
FILE_ROWS = 300_000


def csv_file(number: int) -> bytes:
    """A file of its own for each kill: the same bytes would load once."""
    return b"file,n,text\n" + b"".join(b"%d,%d,some words\n" % (number, n) for n in range(FILE_ROWS))


class Load(threading.Thread):
    """One ingest_file. `acknowledged` once the server has answered, `took_s` from the call to the answer."""

    def __init__(self, server: Server, number: int) -> None:
        super().__init__()
        self._server, self.number = server, number
        self.sent = threading.Event()
        self.acknowledged = False
        self.took_s = 0.0

    def arguments(self) -> dict[str, str]:
        """By path and by bytes in turn."""
        name, content = f"file_{self.number}.csv", csv_file(self.number)
        if self.number % 2:
            (self._server.data / "import" / name).write_bytes(content)
            return {"path": name}
        return {"content": base64.b64encode(content).decode(), "file_name": name}

    def run(self) -> None:
        arguments = self.arguments()
        try:
            with self._server.operations() as operations:
                self.sent.set()
                started = time.monotonic()
                operations.call("ingest_file", dataset="loads", **arguments)
                self.took_s = time.monotonic() - started
                self.acknowledged = True
        except LakehouseError:
            self.sent.set()


def rows_of_files(server: Server) -> dict[int, int]:
    return {row["file"]: row["n"] for row in server.rows("SELECT file, count(*) AS n FROM loads GROUP BY file")}


def recorded(server: Server) -> dict[int, int]:
    rows = server.rows("SELECT file_name, row_count FROM catalog.ingests WHERE dataset = 'loads'")
    found = {int(row["file_name"].removeprefix("file_").removesuffix(".csv")): row["row_count"] for row in rows}
    assert len(found) == len(rows)
    return found


def load(server: Server, number: int) -> Load:
    thread = Load(server, number)
    thread.start()
    thread.join()
    return thread


def test_files_are_there_whole_or_not_at_all_after_each_kill(data: Path) -> None:
    chance, expected = random.Random(3), {0}
    with Server(data) as server:
        first = load(server, 0)
        assert first.acknowledged
        for number in range(1, KILLS + 1):
            loading = Load(server, number)
            loading.start()
            loading.sent.wait()
            # One kill in each part of a load's time, and a little later than it took: commit and answer included.
            time.sleep(first.took_s * 1.1 * (number - 1 + chance.random()) / KILLS)
            server.kill()
            loading.join()
            server.start()
            found = rows_of_files(server)
            assert found == recorded(server)
            assert set(found.values()) == {FILE_ROWS}
            if loading.acknowledged:
                expected.add(number)
            assert expected <= found.keys() <= expected | {number}
            expected = set(found)
            assert list((data / "uploads").iterdir()) == []
            assert list((data / "tmp").iterdir()) == []
        lost = set(range(KILLS + 1)) - expected
        assert lost, "no kill came before its load was done: the test shows nothing"
        assert load(server, min(lost)).acknowledged
        assert load(server, max(expected)).acknowledged
        assert rows_of_files(server) == dict.fromkeys(expected | {min(lost)}, FILE_ROWS)


def test_arrow_streams_are_there_whole_or_not_at_all_after_each_kill(data: Path) -> None:
    chance, expected = random.Random(5), set[int]()
    with Server(data) as server:
        for _ in range(STREAM_KILLS):
            first = max(expected, default=-1) + 1
            with working(server, "load", first) as client:
                time.sleep(chance.uniform(0.05, 1.0))
                server.kill()
                done = acknowledged(client)
            server.start()
            made = server.rows("SELECT * FROM catalog.datasets WHERE dataset = 'batches'")
            counts = server.rows("SELECT step, count(*) AS n FROM batches GROUP BY step") if made else []
            assert {row["n"] for row in counts} <= {BATCH_ROWS}
            found = {row["step"] for row in counts}
            in_flight = first + len(done)
            assert expected | set(done) <= found <= expected | set(done) | {in_flight}
            expected = found
    assert expected
