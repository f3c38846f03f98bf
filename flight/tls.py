"""The TLS files: read, checked before gRPC sees them, watched for a change."""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.flight as fl
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from server.config import Settings
from server.errors import InvalidArgument, StartupError

FILE_BYTES_MAX = 1 << 20
FILES = ("tls_certificate", "tls_key", "tls_client_ca")
Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class TlsFiles:
    """What the files hold, as PEM. client_ca: b'' for none. expires_at, fingerprint (SHA-256): of the certificate."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes
    expires_at: datetime
    fingerprint: str

    def server_options(self, verify_client: bool) -> dict[str, Any]:
        """Arguments of pyarrow's server. With verify_client a client without a certificate of ours can't connect."""
        options: dict[str, Any] = {"tls_certificates": [(self.certificate, self.key)]}
        if verify_client:
            options |= {"verify_client": True, "root_certificates": self.client_ca}
        return options


def check_settings(settings: Settings) -> None:
    """Raises StartupError for TLS settings that don't fit each other."""
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise StartupError("settings tls_certificate and tls_key: set both or none")
    asks = settings.tls_client_required or settings.tls_client_port is not None
    if settings.tls_client_ca is not None and settings.tls_certificate is None:
        raise StartupError("setting tls_client_ca needs tls_certificate and tls_key")
    if asks and settings.tls_client_ca is None:
        raise StartupError("settings tls_client_required and tls_client_port need tls_client_ca")
    if settings.tls_client_ca is not None and not asks:
        raise StartupError("setting tls_client_ca needs tls_client_required, tls_client_port or both")


def read_files(settings: Settings) -> TlsFiles | None:
    """None without TLS. Raises InvalidArgument naming the setting whose file can't be used."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    chain_pem, key_pem = _bytes("tls_certificate", settings.tls_certificate), _bytes("tls_key", settings.tls_key)
    leaf = _certificates("tls_certificate", settings.tls_certificate, chain_pem)[0]
    _check_key(settings, key_pem, leaf)
    now = datetime.now(UTC)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise InvalidArgument(
            f"tls_certificate: {settings.tls_certificate} is valid from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} "
            f"to {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, not now"
        )
    authorities = b""
    if settings.tls_client_ca is not None:
        authorities = _bytes("tls_client_ca", settings.tls_client_ca)
        _certificates("tls_client_ca", settings.tls_client_ca, authorities)
    fingerprint = hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()
    files = TlsFiles(chain_pem, key_pem, authorities, leaf.not_valid_after_utc, fingerprint)
    _rehearse(files)
    return files


def stamp(settings: Settings) -> Stamp:
    """Changes whenever one of the files does; zeros for one that is not there."""
    found = []
    for name in FILES:
        path = getattr(settings, name)
        try:
            status = os.stat(path) if path is not None else None
        except OSError:
            status = None
        found.append((0, 0, 0) if status is None else (status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def _bytes(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidArgument(f"{name}: {path}: {error.strerror}") from None
    except ValueError:
        raise InvalidArgument(f"{name}: not the name of a file") from None
    if len(content) > FILE_BYTES_MAX:
        raise InvalidArgument(f"{name}: {path} has more than {FILE_BYTES_MAX} bytes")
    return content


def _certificates(name: str, path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise InvalidArgument(f"{name}: {path} holds no PEM certificate") from None


def _check_key(settings: Settings, key_pem: bytes, leaf: x509.Certificate) -> None:
    try:
        key = load_pem_private_key(key_pem, None)
    except TypeError:
        raise InvalidArgument(
            f"tls_key: {settings.tls_key} is encrypted: the server can't ask for its password"
        ) from None
    except ValueError:
        raise InvalidArgument(f"tls_key: {settings.tls_key} holds no PEM private key") from None
    if _public(key.public_key()) != _public(leaf.public_key()):
        raise InvalidArgument(
            f"tls_key: {settings.tls_key} is not the key of tls_certificate {settings.tls_certificate}"
        )


def _public(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _rehearse(files: TlsFiles) -> None:
    """Open a port of no use with them: gRPC is pickier than what was checked, and tells nobody what it minds."""
    try:
        fl.FlightServerBase("grpc+tls://127.0.0.1:0", **files.server_options(bool(files.client_ca))).shutdown()
    except Exception:  # noqa: BLE001 - Arrow's errors share no base class
        raise InvalidArgument("tls_certificate, tls_key: gRPC does not take them, see its lines in the log") from None
