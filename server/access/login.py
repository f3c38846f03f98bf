"""An accepted credential, as the session that it opens remembers it."""

from dataclasses import dataclass
from typing import Literal

from server.access.principal import Principal

CredentialKind = Literal["password", "key", "token", "certificate"]


@dataclass(frozen=True)
class Login:
    """key_id: of a key. expires_at: seconds since 1970 from which the credential no longer counts; None for never."""

    principal: Principal
    kind: CredentialKind
    key_id: str | None = None
    expires_at: float | None = None
