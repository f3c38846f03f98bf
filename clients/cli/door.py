"""Where the server is and who calls: the options before the command, kept until a command opens a connection."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations, Tls, connect, default_password, default_token


@dataclass(frozen=True)
class Door:
    """The command group's options. A password or token is read only when a command needs it."""

    uri: str
    user: str
    password_file: Path | None
    token_file: Path | None
    tls: Tls

    def connect(self) -> dbapi.Connection:
        token = self._token()
        return connect(self.uri, self.user, None if token else self._password(), token=token, tls=self.tls)

    def operations(self) -> Operations:
        token = self._token()
        return Operations(self.uri, self.user, None if token else self._password(), token=token, tls=self.tls)

    def _token(self) -> str | None:
        if self.token_file is not None:
            return self.token_file.read_text().strip()
        return default_token() if self.user and self.password_file is None else None

    def _password(self) -> str | None:
        """None where the certificate logs in."""
        if self.password_file is not None:
            return self.password_file.read_text().strip()
        if not self.user:
            return None
        found = default_password()
        if found is not None:
            return found
        if sys.stdin.isatty():
            return str(click.prompt(f"Password of {self.user}", hide_input=True, err=True))
        raise LakehouseError("no password: set LAKEHOUSE_PASSWORD or name a file with --password-file")


pass_door = click.make_pass_decorator(Door)
