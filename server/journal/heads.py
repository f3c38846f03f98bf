"""The chain's head: signed with this server's key in the lake, and once more in a file outside it.

The signature keeps others from adding events or from moving the head; the file tells if events at the end are gone.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.access.keys import secret_key
from server.errors import Unavailable
from server.journal.chain import START

ANCHOR_FILE = "journal-head"


@dataclass(frozen=True)
class Head:
    """sequence, chain: of the newest event. read_snapshot: commits up to it are in the journal. log_id, log_sequence:
    so are the append log's records up to it."""

    sequence: int = 0
    chain: bytes = START
    read_snapshot: int = 0
    log_id: str = ""
    log_sequence: int = 0

    def text(self) -> bytes:
        """What is signed."""
        place = [self.sequence, self.chain.hex(), self.read_snapshot, self.log_id, self.log_sequence]
        return b"lakehouse journal head 1\n" + json.dumps(place).encode()


class Seal:
    """The server's signature, Ed25519. public_key: hexadecimal."""

    def __init__(self, folder: Path) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret_key(folder, "journal-signing"))
        self.public_key = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, head: Head) -> bytes:
        return self._private.sign(head.text())


def is_signed(head: Head, signature: bytes, public_key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, head.text())
    except (InvalidSignature, ValueError):
        return False
    return True


class Anchor:
    """The newest head in `DATA/keys`, written after each commit that moves it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ANCHOR_FILE

    def read(self) -> tuple[int, bytes]:
        """Sequence and link; (0, START) without a file. Raises Unavailable if it is not as it was written."""
        try:
            kept = json.loads(self._file.read_bytes())
            return int(kept["sequence"]), bytes.fromhex(kept["chain"])
        except FileNotFoundError:
            return 0, START
        except (ValueError, KeyError, TypeError):
            raise Unavailable(f"keys/{ANCHOR_FILE} is damaged: put it back, or remove it to go on without") from None

    def write(self, head: Head) -> None:
        """Raises OSError, the file as it was."""
        made = self._file.with_suffix(".new")
        with made.open("w", encoding="ascii") as out:
            json.dump({"sequence": head.sequence, "chain": head.chain.hex()}, out)
            out.flush()
            os.fsync(out.fileno())
        made.rename(self._file)
