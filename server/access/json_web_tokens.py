"""JSON Web Tokens: signature, issuer, audience and times checked; the algorithm comes from the settings alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from server.access.jwks import JwksFile, check_rsa
from server.config import Settings
from server.errors import StartupError, Unauthenticated

HS256_SECRET_BYTES_MIN = 32  # as long as its digest: RFC 7518, 3.2
EXPIRES_AT_MAX = 1e12  # in the year 33658: more would overflow what is reckoned with it
Header = dict[str, Any]


class Keys(Protocol):
    """of: the key that a token with this header must be signed by; raises Unauthenticated if there is none.

    watch: call withdrawn with the `kid` of keys that no longer count, until stop.
    """

    def of(self, header: Header) -> RSAPublicKey | bytes: ...

    def watch(self, withdrawn: Callable[[frozenset[str]], None]) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class OneKey:
    """Whatever the header says, for as long as the process lives."""

    key: RSAPublicKey | bytes

    def of(self, header: Header) -> RSAPublicKey | bytes:
        return self.key

    def watch(self, withdrawn: Callable[[frozenset[str]], None]) -> None:
        """It is never withdrawn."""

    def stop(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class AcceptedToken:
    """expires_at: seconds since 1970, the leeway included. key_id: the `kid` in its header, None without one."""

    principal: str
    expires_at: float
    key_id: str | None


class TokenVerifier:
    def __init__(self, keys: Keys, algorithm: str, settings: Settings) -> None:
        self._keys = keys
        self._algorithm = algorithm
        self._settings = settings

    @classmethod
    def of(cls, settings: Settings) -> "TokenVerifier | None":
        """None where no key is set. Raises StartupError for settings that don't fit each other."""
        secret = settings.jwt_secret.get_secret_value()
        chosen = sum([bool(secret), settings.jwt_public_key is not None, settings.jwt_jwks is not None])
        if chosen == 0:
            return None
        if chosen > 1:
            raise StartupError("settings jwt_secret, jwt_public_key and jwt_jwks: set one of them")
        for name in ("jwt_issuer", "jwt_audience"):
            if not getattr(settings, name):
                raise StartupError(
                    f"setting {name} is empty: JSON Web Tokens are accepted from one issuer for one audience"
                )
        if secret:
            return cls(OneKey(_secret(secret)), "HS256", settings)
        if settings.jwt_public_key is not None:
            return cls(OneKey(_public_key(settings.jwt_public_key)), "RS256", settings)
        return cls(JwksFile(settings.jwt_jwks), "RS256", settings) if settings.jwt_jwks is not None else None

    def verify(self, token: str) -> AcceptedToken:
        """Raises Unauthenticated; the message names what is wrong with the token, and nothing of the key."""
        settings = self._settings
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.of(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                audience=settings.jwt_audience,
                issuer=settings.jwt_issuer,
                leeway=settings.jwt_leeway_s,
                options={"require": ["exp", "iss", "aud", settings.jwt_principal_claim]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Unauthenticated(f"the token is refused: {_reason(error)}") from None
        return self._accepted(header, claims)

    def watch(self, withdrawn: Callable[[frozenset[str]], None]) -> None:
        """Call withdrawn with the `kid` of keys that no longer count, until `stop`."""
        self._keys.watch(withdrawn)

    def stop(self) -> None:
        self._keys.stop()

    def _accepted(self, header: Header, claims: dict[str, Any]) -> AcceptedToken:
        name, expires_at = claims[self._settings.jwt_principal_claim], claims["exp"]
        if not isinstance(name, str) or not name:
            raise Unauthenticated(f"the token is refused: claim {self._settings.jwt_principal_claim} is not a name")
        if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
            raise Unauthenticated("the token is refused: claim exp is not a number")
        if not 0 < expires_at < EXPIRES_AT_MAX:
            raise Unauthenticated("the token is refused: claim exp is no time that could be meant")
        key_id = header.get("kid")
        key_id = key_id if isinstance(key_id, str) else None
        return AcceptedToken(name, float(expires_at) + self._settings.jwt_leeway_s, key_id)


def _secret(secret: str) -> bytes:
    encoded = secret.encode()
    if len(encoded) < HS256_SECRET_BYTES_MIN:
        raise StartupError(f"setting jwt_secret has fewer than {HS256_SECRET_BYTES_MIN} bytes")
    if b"-----BEGIN" in encoded:
        raise StartupError("setting jwt_secret holds a PEM key: name the file of a public key as jwt_public_key")
    return encoded


def _public_key(path: Path) -> RSAPublicKey:
    where = f"setting jwt_public_key: {path}"
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise StartupError(f"{where}: {error.strerror}") from None
    except ValueError:
        raise StartupError(f"{where} is no PEM file of a public key") from None
    try:
        return check_rsa(key)
    except ValueError as error:
        raise StartupError(f"{where}: {error}") from None


def _reason(error: Exception) -> str:
    """The library's words for what it found; others may quote the token."""
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired"
        case jwt.ImmatureSignatureError():
            return "it is not valid yet"
        case jwt.InvalidAudienceError():
            return "it is for another audience"
        case jwt.InvalidIssuerError():
            return "it is from another issuer"
        case jwt.MissingRequiredClaimError():
            return f"it lacks claim {error.claim}"
        case jwt.InvalidAlgorithmError():
            return "it is signed with another algorithm than this server takes"
        case jwt.InvalidSignatureError():
            return "its signature is wrong"
    return "it is malformed"
