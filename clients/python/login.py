"""How a client logs in and what it trusts, as options of both drivers: ADBC's for SQL, pyarrow's for operations."""

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from clients.python.errors import LakehouseError

DEFAULT_USERNAME = "admin"
PASSWORD_VARIABLES = ("LAKEHOUSE_PASSWORD", "LAKEHOUSE_ADMIN_PASSWORD")
TOKEN_VARIABLE = "LAKEHOUSE_TOKEN"  # noqa: S105 - the variable's name
_CLIENT_OPTION = "adbc.flight.sql.client_option."
PemFile = str | PathLike[str]


@dataclass(frozen=True)
class Tls:
    """PEM files. ca: authorities to trust instead of the system's. certificate and key: the client's own."""

    ca: PemFile | None = None
    certificate: PemFile | None = None
    key: PemFile | None = None

    def adbc_options(self) -> dict[str, str]:
        names = {"tls_root_certs": self.ca, "mtls_cert_chain": self.certificate, "mtls_private_key": self.key}
        return {_CLIENT_OPTION + name: _read(file).decode() for name, file in names.items() if file is not None}

    def flight_options(self) -> dict[str, Any]:
        names = {"tls_root_certs": self.ca, "cert_chain": self.certificate, "private_key": self.key}
        return {name: _read(file) for name, file in names.items() if file is not None}


@dataclass(frozen=True)
class Login:
    """name '' and a secret: a key or a JSON Web Token, which names its principal. Both '': the certificate logs in."""

    name: str
    secret: str

    @property
    def by_certificate(self) -> bool:
        return not self.secret

    def adbc_options(self) -> dict[str, str]:
        return {} if self.by_certificate else {"username": self.name, "password": self.secret}

    def bearer(self, client: Any) -> list[Any]:
        """The headers for every call of a pyarrow client, after logging in with it."""
        return [] if self.by_certificate else [client.authenticate_basic_token(self.name, self.secret)]


def default_password() -> str | None:
    """The password from the environment, or None when no variable holds one."""
    return next((os.environ[name] for name in PASSWORD_VARIABLES if os.environ.get(name)), None)


def default_token() -> str | None:
    """The key or JSON Web Token from the environment."""
    return os.environ.get(TOKEN_VARIABLE) or None


def choose(username: str, password: str | None, token: str | None) -> Login:
    """What is given counts before the environment, a token before a password; username '' with neither leaves it to the
    client certificate. Raises LakehouseError when nothing is left to log in with."""
    if token is not None:
        return Login("", token)
    if password is not None:
        return Login(username, password)
    if not username:
        return Login("", "")
    if (found := default_token()) is not None:
        return Login("", found)
    if (found := default_password()) is not None:
        return Login(username, found)
    raise LakehouseError(f"no password: pass one or set {PASSWORD_VARIABLES[0]}", "unauthenticated")


def _read(file: PemFile) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise LakehouseError(f"{os.fspath(file)}: {error.strerror}") from None
