"""Certificates of a test's own authority."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from clients.python import Tls

DAY = timedelta(days=1)
LOOPBACK = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


@dataclass(frozen=True)
class Signed:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, password: bytes | None = None) -> bytes:
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


class Authority:
    """Signs certificates and writes them into a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._root = _sign(name, None, (), True, DAY)
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(self._root.pem)

    def sign(self, name: str, *alternatives: x509.GeneralName, valid_for: timedelta = DAY) -> Signed:
        return _sign(name, self._root, alternatives, False, valid_for)

    def write(self, stem: str, signed: Signed) -> tuple[Path, Path]:
        """The files of certificate and key; written over, as a renewal does."""
        certificate, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        certificate.write_bytes(signed.pem)
        key.write_bytes(signed.key_pem())
        return certificate, key

    def server(self) -> Signed:
        return self.sign("a server", *LOOPBACK)

    def client(self, name: str, *alternatives: x509.GeneralName, valid_for: timedelta = DAY) -> Tls:
        """What a client needs to trust this authority and to show a certificate of it."""
        certificate, key = self.write(
            f"client-{name.encode().hex()}", self.sign(name, *alternatives, valid_for=valid_for)
        )
        return Tls(self.ca, certificate, key)


def _sign(
    name: str, by: Signed | None, alternatives: tuple[x509.GeneralName, ...], authority: bool, valid_for: timedelta
) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now + valid_for)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return Signed(builder.sign(by.key if by is not None else key, hashes.SHA256()), key)
