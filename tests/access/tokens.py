"""JSON Web Tokens, sound and forged."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "a secret that is longer than 32 bytes"
ISSUER, AUDIENCE = "https://issuer.example", "lakehouse"


@dataclass(frozen=True)
class RsaKey:
    kid: str
    bits: int = 2048
    private: rsa.RSAPrivateKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "private", rsa.generate_private_key(65537, self.bits))

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwk(self, **members: Any) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "RS256"} | members

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, "RS256", {"kid": self.kid} | header)


def claims(subject: str = "ann", **changed: Any) -> dict[str, Any]:
    """Claims that are accepted; changed: None leaves one out."""
    sound = {"sub": subject, "iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 600} | changed
    return {name: value for name, value in sound.items() if value is not None}


def hs256(payload: dict[str, Any], secret: str | bytes = SECRET, **header: Any) -> str:
    return jwt.encode(payload, secret, "HS256", header)


def raw(header: object, payload: object, signature: bytes = b"") -> str:
    """A token of any three parts, whether they make sense or not."""
    return ".".join(_encoded(part) for part in (_json(header), _json(payload), signature))


def _json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
