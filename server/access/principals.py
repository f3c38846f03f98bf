"""Principals in the lake: who may log in, with which roles. Every change is a new row; the latest one counts."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from catalog_sql import named_queries
from server.access.passwords import hash_password, verify_password
from server.access.principal import Principal
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import (
    AlreadyExists,
    InvalidArgument,
    LakehouseError,
    NotFound,
    StartupError,
    Unauthenticated,
    Unavailable,
)
from server.logs import logger

ADMIN = "admin"
PASSWORD_VARIABLE = "LAKEHOUSE_ADMIN_PASSWORD"  # noqa: S105 - the variable's name, not a password
SQL = named_queries("queries/principals.sql")
T = TypeVar("T")
_LOCK = "catalog.principal_events"


@dataclass(frozen=True)
class Record:
    """A principal's latest row."""

    name: str
    password_hash: str | None = None
    roles: tuple[str, ...] = ()
    disabled: bool = False
    certificate_subject: str | None = None

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles and not self.disabled

    def principal(self) -> Principal:
        return Principal(self.name, frozenset(self.roles))


class Principals:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ensure_admin(self, password: str | None) -> str | None:
        """Make the administrator at the first start, or give it the password from the environment.

        Returns a random password if one was made: the caller prints it once, and nothing else keeps it.
        Raises StartupError for a password that is too short or too long.
        """
        found = self.find(ADMIN)
        if found and (password is None or verify_password(password, found.password_hash)):
            return None
        made = secrets.token_urlsafe(18)
        try:
            password_hash = hash_password(made if password is None else password)
        except InvalidArgument as error:
            raise StartupError(f"environment variable {PASSWORD_VARIABLE}: {error}") from None
        before = found or Record(ADMIN)
        self._record(SERVER, replace(before, password_hash=password_hash, roles=("admin",), disabled=False))
        return made if password is None else None

    def find(self, name: str) -> Record | None:
        if not name.isprintable():  # no name has such characters, and a NUL would cut DuckLake's own query short
            return None
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["find"], [name]))
        return _row(*rows[0]) if rows else None

    def require(self, name: str) -> Record:
        """Raises NotFound."""
        if (found := self.find(name)) is None:
            raise NotFound(f"there is no principal {name!r}: see catalog.principals")
        return found

    # Logins. What they raise tells those outside nothing that they did not know.

    def with_password(self, name: str, password: str) -> Principal:
        """Raises Unauthenticated; neither the message nor the time tells a wrong name from a wrong password."""
        found = self.reading(lambda: self.find(name))
        right = verify_password(password, found.password_hash if found else None)
        if found is None or not right or found.disabled:
            raise Unauthenticated("name or password is wrong")
        return found.principal()

    def enabled(self, name: str) -> Principal:
        """The principal that a key or a token names. Raises Unauthenticated if there is none, or it is disabled."""
        found = self.reading(lambda: self.find(name))
        if found is None or found.disabled:
            raise Unauthenticated("the principal of this credential does not exist, or is disabled")
        return found.principal()

    def with_certificate(self, subject: str) -> Principal:
        """Raises Unauthenticated if no enabled principal has this name in its certificate."""
        found = self.reading(lambda: self._of_certificate(subject))
        if found is None or found.disabled:
            raise Unauthenticated("no principal logs in by the name in this certificate")
        return found.principal()

    def reading(self, read: Callable[[], T]) -> T:
        """Raises Unavailable while the lake can't be read, without telling where the lake lives."""
        try:
            return read()
        except LakehouseError as error:
            logger("access").error("principals can't be read", error=self._engine.location.without_secrets(str(error)))
            raise Unavailable("the server can't check logins now, because its lake can't be read: try later") from None

    # Changes

    def create(self, actor: str, record: Record) -> None:
        """Raises AlreadyExists for a name, whatever its case, or a certificate subject that is taken."""
        with self._engine.locks.holding(_LOCK):
            taken = next((r.name for r in self._all() if r.name.lower() == record.name.lower()), None)
            if taken is not None:
                raise AlreadyExists(f"there is a principal {taken!r} already")
            self._check_subject(record)
            self._record(actor, record)

    def change(self, actor: str, name: str, change: Callable[[Record], Record]) -> Record:
        """Record what change makes of the principal. Raises NotFound; InvalidArgument if no administrator were left."""
        with self._engine.locks.holding(_LOCK):
            before = self.require(name)
            after = change(before)
            if after == before:
                return before
            if before.is_admin and not after.is_admin and sum(r.is_admin for r in self._all()) == 1:
                raise InvalidArgument(f"{name!r} is the last administrator: make another one first")
            self._check_subject(after)
            self._record(actor, after)
        return after

    def _check_subject(self, record: Record) -> None:
        if record.certificate_subject is None:
            return
        other = self._of_certificate(record.certificate_subject)
        if other is not None and other.name != record.name:
            raise AlreadyExists(f"the certificate subject {record.certificate_subject!r} is principal {other.name!r}'s")

    def _of_certificate(self, subject: str) -> Record | None:
        return next((r for r in self._all() if r.certificate_subject == subject), None)

    def _all(self) -> list[Record]:
        return [_row(*row) for row in self._engine.read(lambda cursor: cursor.rows(SQL["latest"]))]

    def _record(self, actor: str, record: Record) -> None:
        values = [record.name, record.password_hash, list(record.roles), record.disabled, record.certificate_subject]

        def insert(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record"], [*values, actor])

        self._engine.commit(actor, f"principal {record.name}", insert)


def _row(
    name: str, password_hash: str | None, roles: list[str] | None, disabled: bool, certificate_subject: str | None
) -> Record:
    return Record(name, password_hash, tuple(roles or ()), disabled, certificate_subject)
