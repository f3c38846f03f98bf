"""A JWKS file: the public keys of an issuer by their `kid`, read again whenever the file changes.

Each token that is checked looks at the file first; so does a thread, since a session that a token opened goes on
without another check.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from server.errors import StartupError, Unauthenticated
from server.logs import logger

RSA_BITS_MIN = 2048
FILE_BYTES_MAX = 1 << 20
LOOK_S = 1.0


class JwksFile:
    """A file that turns bad keeps the keys that were read before, and says so in the log."""

    def __init__(self, path: Path) -> None:
        """Raises StartupError for a file that holds no usable key."""
        self._path = path
        self._lock = threading.Lock()
        self._withdrawn: Callable[[frozenset[str]], None] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="jwks", daemon=True)
        try:
            self._stamp = _stamp(path)
            self._keys = _read(path)
        except (OSError, ValueError) as error:
            raise StartupError(f"setting jwt_jwks: {path}: {error}") from None

    def of(self, header: dict[str, Any]) -> RSAPublicKey:
        self._refresh()
        kid = header.get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unauthenticated("the token is refused: its kid names no key of this issuer")
        return key

    def watch(self, withdrawn: Callable[[frozenset[str]], None]) -> None:
        """Call withdrawn with each `kid` that is gone from the file or names another key there, until `stop`."""
        self._withdrawn = withdrawn
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self._refresh()
            except Exception as error:  # noqa: BLE001 - whatever one session does as it ends, the file is looked at
                logger("access").error("a session of a withdrawn key could not be ended", exc_info=error)

    def _refresh(self) -> None:
        """Tells who watches after the new keys count, so that no login by a former one slips in between."""
        with self._lock:
            gone = self._read_if_changed()
        if gone and self._withdrawn is not None:
            self._withdrawn(gone)

    def _read_if_changed(self) -> frozenset[str]:
        """The `kid` of each former key that is no longer there."""
        former = self._keys
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return frozenset()
            self._stamp = stamp
            self._keys = _read(self._path)
        except (OSError, ValueError) as error:
            logger("access").error("the JWKS file can't be read; its former keys count", error=str(error))
            return frozenset()
        logger("access").info("the JWKS file was read again", keys=len(self._keys))
        return frozenset(kid for kid, key in former.items() if not _same(key, self._keys.get(kid)))


def check_rsa(key: object) -> RSAPublicKey:
    """Raises ValueError for a key that RS256 can't, or should not, be checked with."""
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA public key")
    if key.key_size < RSA_BITS_MIN:
        raise ValueError(f"an RSA key of {key.key_size} bits: {RSA_BITS_MIN} are the least")
    return key


def _same(key: RSAPublicKey, other: RSAPublicKey | None) -> bool:
    return other is not None and key.public_numbers() == other.public_numbers()


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes with the file; zeros while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> dict[str, RSAPublicKey]:
    """kid → key, of the RSA keys for signatures. Raises OSError; ValueError for a file without one."""
    with path.open("rb") as file:
        text = file.read(FILE_BYTES_MAX + 1)
    if len(text) > FILE_BYTES_MAX:
        raise ValueError(f"has more than {FILE_BYTES_MAX} bytes")
    try:
        found = json.loads(text)
        entries = found["keys"]
        keys = {entry["kid"]: _key(entry) for entry in entries if _is_usable(entry)}
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("is no JSON Web Key Set") from None
    except jwt.PyJWTError:
        raise ValueError("holds an RSA key that can't be read") from None
    if not keys:
        raise ValueError("holds no RSA key with a kid for RS256 signatures")
    return keys


def _is_usable(entry: dict[str, Any]) -> bool:
    return (
        entry.get("kty") == "RSA"
        and entry.get("alg", "RS256") == "RS256"
        and entry.get("use", "sig") == "sig"
        and isinstance(entry.get("kid"), str)
    )


def _key(entry: dict[str, Any]) -> RSAPublicKey:
    return check_rsa(jwt.PyJWK(entry, "RS256").key)
