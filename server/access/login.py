"""An accepted credential, as the session that it opens remembers it."""

from dataclasses import dataclass
from typing import Literal

from server.access.principal import Principal

CredentialKind = Literal["password", "key", "token", "certificate"]


@dataclass(frozen=True)
class Login:
    """key_id: of a key. expires_at: seconds since 1970 from which the credential no longer counts; None for never.
    token_key_id: the `kid` of the key that a token was checked by, None for one that can't be withdrawn."""

    principal: Principal
    kind: CredentialKind
    key_id: str | None = None
    expires_at: float | None = None
    token_key_id: str | None = None
