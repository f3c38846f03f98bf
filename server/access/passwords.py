"""Password hashing: argon2id with the library's own parameters."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.access.credentials import looks_like_key, looks_like_token
from server.errors import InvalidArgument

PASSWORD_CHARS_MIN = 8
PASSWORD_CHARS_MAX = 1024
_hasher = PasswordHasher()
# Verified against when the name is unknown, so that a wrong name takes as long as a wrong password.
_NOBODY = _hasher.hash("nobody")


def hash_password(password: str) -> str:
    """Raises InvalidArgument for one that is too short, too long or would be taken for a key or a token."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise InvalidArgument(f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")
    if looks_like_key(password) or looks_like_token(password):
        raise InvalidArgument("a password must not look like a key (lhk_…) or a JSON Web Token (eyJ….….…)")
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError:
        raise InvalidArgument("a password is Unicode text") from None


def verify_password(password: str, password_hash: str | None) -> bool:
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
