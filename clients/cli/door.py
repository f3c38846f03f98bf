"""Where the server is and who calls: the options before the command, kept until a command opens a connection."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations, connect, default_password


@dataclass(frozen=True)
class Door:
    """The command group's options. The password is read only when a command needs it."""

    uri: str
    user: str
    password_file: Path | None

    def connect(self) -> dbapi.Connection:
        return connect(self.uri, self.user, self._password())

    def operations(self) -> Operations:
        return Operations(self.uri, self.user, self._password())

    def _password(self) -> str:
        if self.password_file is not None:
            return self.password_file.read_text().strip()
        found = default_password()
        if found is not None:
            return found
        if sys.stdin.isatty():
            return str(click.prompt(f"Password of {self.user}", hide_input=True, err=True))
        raise LakehouseError("no password: set LAKEHOUSE_PASSWORD or name a file with --password-file")


pass_door = click.make_pass_decorator(Door)
