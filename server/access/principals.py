"""Principals in the lake: who may log in, with which roles."""

import secrets
from collections.abc import Sequence

from catalog_sql import named_queries
from server.access.passwords import hash_password, verify_password
from server.access.principal import Principal
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import InvalidArgument, StartupError, Unauthenticated, Unavailable
from server.logs import logger

ADMIN = "admin"
PASSWORD_VARIABLE = "LAKEHOUSE_ADMIN_PASSWORD"  # noqa: S105 - the variable's name, not a password
_SQL = named_queries("queries/principals.sql")


class Principals:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ensure_admin(self, password: str | None) -> str | None:
        """Make the administrator at the first start, or give it the password from the environment.

        Returns a random password if one was made: the caller prints it once, and nothing else keeps it.
        Raises StartupError for a password that is too short or too long.
        """
        found = self._engine.read(lambda cursor: cursor.rows(_SQL["find"], [ADMIN]))
        if found and (password is None or verify_password(password, found[0][0])):
            return None
        made = secrets.token_urlsafe(18)
        try:
            password_hash = hash_password(made if password is None else password)
        except InvalidArgument as error:
            raise StartupError(f"environment variable {PASSWORD_VARIABLE}: {error}") from None
        self._record(ADMIN, password_hash, ["admin"], actor=SERVER)
        return made if password is None else None

    def log_in(self, name: str, password: str) -> Principal:
        """Raises Unauthenticated; the message does not tell a wrong name from a wrong password. Unavailable while
        the lake can't be read."""
        try:
            found = self._engine.read(lambda cursor: cursor.rows(_SQL["find"], [name]))
        except Unavailable as error:
            # Who is not logged in learns nothing of where the lake lives.
            logger("access").error("principals can't be read", error=self._engine.location.without_secrets(str(error)))
            raise Unavailable("the server can't check logins now, because its lake can't be read: try later") from None
        password_hash, roles, disabled = found[0] if found else (None, [], True)
        if not verify_password(password, password_hash) or disabled:
            raise Unauthenticated("name or password is wrong")
        return Principal(name, frozenset(roles or []))

    def _record(self, name: str, password_hash: str, roles: Sequence[str], actor: str) -> None:
        def insert(cursor: LakeCursor) -> None:
            cursor.execute(_SQL["record"], [name, password_hash, list(roles), False, actor])

        self._engine.commit(actor, f"principal {name}", insert)
