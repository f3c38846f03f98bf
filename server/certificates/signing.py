"""The signature under certificates, and the newest certificate's link in a file outside the lake.

The signature keeps others from writing certificates; the file tells if certificates at the end are gone.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.access.keys import secret_key
from server.certificates.certificate import START, Document, canonical
from server.errors import Unavailable

KEY_FILE = "certificate-signing"
ANCHOR_FILE = "certificate-head"


@dataclass(frozen=True)
class Place:
    """A certificate's place in the chain; number 0 and link START before the first."""

    number: int = 0
    link: str = START


class Signer:
    """This server's signature, Ed25519. public_key: hexadecimal."""

    def __init__(self, folder: Path) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret_key(folder, KEY_FILE))
        self.public_key = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, signed: Document) -> str:
        """Hexadecimal."""
        return self._private.sign(canonical(signed)).hex()


def is_signed(signed: Document, signature: str, public_key: str) -> bool:
    """signature, public_key: lower-case hexadecimal; anything else is none."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), canonical(signed))
    except (InvalidSignature, ValueError):
        return False
    return bytes.fromhex(signature).hex() == signature


class Anchor:
    """The newest certificate that this server wrote, in `DATA/keys`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ANCHOR_FILE

    def read(self) -> Place:
        """Place() without a file. Raises Unavailable for a file that is not as it was written."""
        try:
            kept = json.loads(self._file.read_text())
            return Place(int(kept["number"]), str(kept["link"]))
        except FileNotFoundError:
            return Place()
        except (OSError, ValueError, LookupError, TypeError):
            raise Unavailable(f"{self._file.name} in DATA/keys can't be read: put it back from a backup") from None

    def write(self, place: Place) -> None:
        """Raises OSError, the file as it was."""
        made = self._file.with_suffix(".new")
        with made.open("w", encoding="ascii") as out:
            json.dump({"number": place.number, "link": place.link}, out)
            out.flush()
            os.fsync(out.fileno())
        made.rename(self._file)
