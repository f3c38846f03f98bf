"""A server that speaks TLS, with an authority of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from clients.python import Operations, Tls
from tests.access.certificates import Authority
from tests.harness import PASSWORD, Server


@dataclass(frozen=True)
class Secure:
    """A running server; `trusting` is what a client without a certificate needs."""

    server: Server
    authority: Authority
    trusting: Tls

    @property
    def certificate_uri(self) -> str:
        """Where certificates log in."""
        return next(line.split()[1] for line in self.server.out if line.startswith("certificates "))

    def operations(self) -> Operations:
        return Operations(self.server.uri, "admin", PASSWORD, tls=self.trusting)

    def admin(self, operation: str, **arguments: Any) -> dict[str, Any]:
        with self.operations() as operations:
            return operations.call(operation, **arguments)[0]


@pytest.fixture(scope="package")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    folder = tmp_path_factory.mktemp("secure")
    authority = Authority(folder)
    certificate, key = authority.write("server", authority.server())
    flags = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--tls-client-ca", str(authority.ca))
    with Server(folder / "data", *flags, "--tls-client-port", "0", "--tls-check-s", "0.2") as server:
        yield Secure(server, authority, Tls(authority.ca))
