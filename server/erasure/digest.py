"""A key's digest: what is kept of it when its rows are erased, and what new rows are compared with.

HMAC-SHA256 under a key of the dataset's own, so that equal keys of two datasets don't show as equal, and nobody without
the server's secret can try out guesses. DuckDB computes the same from sha256, for all rows of a statement at once.
"""

import hmac
from collections.abc import Iterable

_BLOCK = 64  # bytes that SHA-256 takes at once: RFC 2104 pads the key to as many
_INNER, _OUTER = 0x36, 0x5C


class KeyDigest:
    def __init__(self, secret: bytes, dataset: str) -> None:
        """dataset: as catalog.datasets shows its name."""
        self._key = hmac.digest(secret, b"tombstones\0" + dataset.lower().encode(), "sha256")

    def all(self, keys: Iterable[str]) -> list[str]:
        """The digest of each key's text, lower-case hexadecimal."""
        return [hmac.digest(self._key, key.encode(), "sha256").hex() for key in keys]

    def sql(self, text: str) -> str:
        """An SQL expression for the digest of an expression of type VARCHAR. It needs the values of `values`."""
        inner = f"system.main.unhex(system.main.sha256($hmac_inner || system.main.encode({text})))"
        return f"system.main.sha256($hmac_outer || {inner})"

    def values(self) -> dict[str, bytes]:
        """Values of the parameters that `sql` names; secret."""
        return {"hmac_inner": self._padded(_INNER), "hmac_outer": self._padded(_OUTER)}

    def _padded(self, pad: int) -> bytes:
        return bytes(byte ^ pad for byte in self._key.ljust(_BLOCK, b"\0"))
