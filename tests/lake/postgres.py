"""A real PostgreSQL of the tests' own, on a loopback port, that asks for a password."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.lake.ports import free_port, wait_until

USER, PASSWORD = "keeper", "p@ss word/of:the%lake"
PASSWORD_IN_URL = "p%40ss%20word%2Fof%3Athe%25lake"


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, newest version first; None if it is not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class Postgres:
    def __init__(self, folder: Path) -> None:
        self._programs = folder
        # PostgreSQL refuses to run as root; its own user must reach the files.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._home = Path(tempfile.mkdtemp(prefix="lakehouse-postgres-"))
        self.port = free_port()

    def start(self) -> Self:
        if not (self._home / "data").exists():
            self._make()
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._home / "data", "-k", self._home, "-p", str(self.port), "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            **self._as,
        )
        wait_until(self._answers, "PostgreSQL did not start")
        return self

    def stop(self) -> None:
        """Immediately, connections cut."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home)

    def create_database(self, name: str) -> str:
        """The new database's address, password included."""
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with self._connect(database) as connection, connection.execute(statement) as cursor:
            return list(cursor.fetchall()) if cursor.description else []

    def _make(self) -> None:
        password = self._home / "password"
        password.write_text(PASSWORD)
        if self._as:
            for path in (self._home, password):
                shutil.chown(path, self._as["user"], self._as["group"])
        make = f"{self._programs}/initdb -D {self._home}/data -U {USER} -A scram-sha-256 -N --pwfile {password}"
        subprocess.run(
            [*make.split(), "--no-locale", "-E", "UTF8"],
            stdout=subprocess.DEVNULL,
            cwd=self._home,
            check=True,
            **self._as,
        )

    def _connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def _answers(self) -> bool:
        assert self._process.poll() is None, "PostgreSQL ended"
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True
