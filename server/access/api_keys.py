"""Keys of programs: shown once when made, kept as a digest, checked without argon2, since nobody can guess one."""

import hmac
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.access.credentials import digest, key_id_of, new_key
from server.access.login import Login
from server.access.principals import SQL, Principals
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound, Unauthenticated


@dataclass(frozen=True)
class KeyRecord:
    """expires_at: seconds since 1970, None for never."""

    principal: str
    name: str
    key_hash: str
    expires_at: float | None
    revoked: bool


class ApiKeys:
    def __init__(self, engine: Engine, principals: Principals) -> None:
        self._engine = engine
        self._principals = principals
        self._used_at: dict[str, datetime] = {}  # of keys that exist, so bounded by them
        self._lock = threading.Lock()

    def create(self, actor: str, principal: str, name: str, expires_at: datetime | None) -> tuple[str, str]:
        """Identifier and key; the key is kept nowhere. Raises NotFound for the principal, InvalidArgument."""
        if self._principals.require(principal).disabled:
            raise InvalidArgument(f"principal {principal!r} is disabled: enable it first")
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise InvalidArgument(f"expires_at {expires_at.isoformat()} has passed")
        key_id, key = new_key()
        self._record(actor, [key_id, principal, name, digest(key), expires_at, False])
        return key_id, key

    def revoke(self, actor: str, key_id: str) -> KeyRecord:
        """Revoke for good; once is enough. Raises NotFound."""
        found = self._find(key_id)
        if found is None:
            raise NotFound(f"there is no key {key_id!r}: see catalog.keys")
        if not found.revoked:
            expires_at = None if found.expires_at is None else datetime.fromtimestamp(found.expires_at, UTC)
            self._record(actor, [key_id, found.principal, found.name, found.key_hash, expires_at, True])
        return found

    def log_in(self, key: str) -> Login:
        """Raises Unauthenticated; the message does not tell an unknown key from a revoked one."""
        key_id = key_id_of(key)
        found = self._principals.reading(lambda: self._find(key_id)) if key_id else None
        right = found is not None and hmac.compare_digest(found.key_hash, digest(key))
        if found is None or not right or found.revoked or _passed(found.expires_at):
            raise Unauthenticated("the key is wrong, revoked or expired")
        login = Login(self._principals.enabled(found.principal), "key", key_id, found.expires_at)
        with self._lock:
            self._used_at[key_id] = datetime.now(UTC)
        return login

    def uses(self) -> list[dict[str, Any]]:
        """Key and its latest login since the server started."""
        with self._lock:
            return [{"key_id": key_id, "last_used_at": at} for key_id, at in self._used_at.items()]

    def _find(self, key_id: str) -> KeyRecord | None:
        if not key_id.isalnum():  # see Principals.find
            return None
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["find_key"], [key_id]))
        return KeyRecord(*rows[0]) if rows else None

    def _record(self, actor: str, values: list[Any]) -> None:
        def insert(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record_key"], [*values, actor])

        self._engine.commit(actor, f"key {values[0]}", insert)


def _passed(expires_at: float | None) -> bool:
    return expires_at is not None and expires_at <= time.time()
