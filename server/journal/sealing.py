"""Values under their subject's key: AES-256-GCM, a nonce of 12 random bytes before the ciphertext.

A subject is an entity of a dataset. It stands in the lake as a keyed HMAC only; its name is sealed with its values.
"""

import hmac
import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.journal.subject_keys import SUBJECT_BYTES, SubjectKeys

NONCE_BYTES = 12
READABLE, ERASED, UNREADABLE = "readable", "erased", "unreadable"


@dataclass(frozen=True, slots=True)
class Values:
    """What is sealed. entity: its key as text. old, new: as text, of a whole row as JSON of texts; None for none."""

    entity: str | None
    old: str | None
    new: str | None

    def hold(self, texts: Collection[str]) -> bool:
        """Whether one of the texts is part of one of the values."""
        values = [value for value in (self.entity, self.old, self.new) if value is not None]
        return any(text in value for value in values for text in texts)


@dataclass(frozen=True, slots=True)
class Sealed:
    key_number: int
    data: bytes


def row_entity(row_id: int | None) -> str:
    """What a row without a key is called."""
    return f"row {row_id or 0}"


class Sealing:
    def __init__(self, keys: SubjectKeys, secret: bytes) -> None:
        """secret: key of the subjects' HMACs."""
        self.keys = keys
        self._secret = secret

    def subject(self, dataset: str, entity: str) -> bytes:
        """The entity's HMAC, its own for each dataset; letter case of the dataset's name doesn't count."""
        text = b"\0".join((dataset.lower().encode("utf-8", "replace"), entity.encode("utf-8", "replace")))
        return hmac.digest(self._secret, text, "sha256")[:SUBJECT_BYTES]

    def seal(self, items: Sequence[tuple[bytes, Values]]) -> list[Sealed]:
        """items: subject and its values. Raises LogUnavailable if a new key can't be kept."""
        keys = self.keys.made(subject for subject, _ in items)
        nonces = os.urandom(NONCE_BYTES * len(items))
        sealed = []
        for place, (subject, values) in enumerate(items):
            number, key = keys[subject]
            nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
            text = json.dumps([values.entity, values.old, values.new], ensure_ascii=False).encode("utf-8", "replace")
            sealed.append(Sealed(number, nonce + AESGCM(key).encrypt(nonce, text, subject)))
        return sealed

    def open(self, subject: bytes, key_number: int, data: bytes) -> tuple[Values | None, str]:
        """The values, or None, and which of READABLE, ERASED, UNREADABLE they are."""
        key = self.keys.find(key_number)
        if not key:
            return None, UNREADABLE if key is None else ERASED
        try:
            text = AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], subject)
        except (InvalidTag, ValueError):
            return None, UNREADABLE
        return Values(*json.loads(text)), READABLE
