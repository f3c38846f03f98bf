"""What a secret is, told from its look: each kind is sent in the same two places, as a bearer or as a password."""

import hashlib
import secrets
from string import hexdigits

KEY_PREFIX = "lhk_"
SESSION_PREFIX = "lhs_"
SECRET_BYTES = 32  # 256 bits: nothing to guess, so one round of SHA-256 is enough where passwords need argon2
_KEY_ID_BYTES = 8
_TOKEN_START = "eyJ"  # noqa: S105 - base64 of '{"', with which the header of every JSON Web Token begins


def new_session_token() -> str:
    return SESSION_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_key() -> tuple[str, str]:
    """Identifier and key: `lhk_<identifier>_<secret>`."""
    key_id = secrets.token_hex(_KEY_ID_BYTES)
    return key_id, f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def key_id_of(key: str) -> str:
    """The identifier in a key; '' if it has none."""
    prefix, key_id, secret = key[: len(KEY_PREFIX)], *key[len(KEY_PREFIX) :].partition("_")[::2]
    formed = prefix == KEY_PREFIX and secret and len(key_id) == 2 * _KEY_ID_BYTES and set(key_id) <= set(hexdigits)
    return key_id if formed else ""


def looks_like_key(text: str) -> bool:
    return text.startswith(KEY_PREFIX)


def looks_like_token(text: str) -> bool:
    """A JSON Web Token: three parts of base64 between dots."""
    return text.startswith(_TOKEN_START) and text.count(".") == 2


def digest(secret: str) -> str:
    """What is kept of a secret of SECRET_BYTES random bytes."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
