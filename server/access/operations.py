"""The operations on principals, keys and sessions. What they withdraw ends the sessions that it opened, at once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, model_validator

from server.access.api_keys import ApiKeys
from server.access.login import Login
from server.access.passwords import hash_password
from server.access.principals import Principals, Record
from server.engine.engine import SERVER
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sessions.registry import Sessions
from server.sessions.session import Session
from server.sql.schema import schema_of

NAME_CHARS_MAX = 128
KEY_S_MAX = 100 * 365.25 * 86_400


def _name(value: str) -> str:
    """A colon would end the name in Basic credentials; what can't be seen could pass one name off as another."""
    if not 1 <= len(value) <= NAME_CHARS_MAX or not value.isprintable() or value != value.strip() or ":" in value:
        raise ValueError(f"must be 1 to {NAME_CHARS_MAX} printable characters without a colon or surrounding spaces")
    if value.lower() == SERVER:
        raise ValueError(f"{SERVER!r} is the server itself")
    return value


Name = Annotated[str, AfterValidator(_name)]
Subject = Annotated[str, Field(min_length=1, max_length=1000)]


class CreatePrincipal(Arguments):
    name: Name = Field(description="Login name.")
    password: SecretStr | None = Field(None, description="Password; without one keys, tokens or a certificate log in.")
    roles: list[Name] = Field([], max_length=100, description="Roles; 'admin' may do everything.")
    certificate_subject: Subject | None = Field(
        None, description="Name in its client certificate: the first subject alternative name, else the common name."
    )


class SetPassword(Arguments):
    principal: str = Field(description="Whose password.")
    password: SecretStr = Field(description="The new password.")


class SetCertificateSubject(Arguments):
    principal: str = Field(description="Whose certificate.")
    certificate_subject: Subject | None = Field(
        None, description="First subject alternative name, else common name; NULL for no certificate."
    )


class OnePrincipal(Arguments):
    principal: str = Field(description="Name of the principal.")


class CreateKey(Arguments):
    principal: str = Field(description="Principal that the key logs in as.")
    name: Name = Field(description="What people call the key: the program that uses it.")
    expires_at: AwareDatetime | None = Field(None, description="When it expires, with a time zone; NULL for never.")
    expires_s: float | None = Field(None, gt=0, le=KEY_S_MAX, description="Seconds until it expires, instead.")

    @model_validator(mode="after")
    def _one_expiry(self) -> Self:
        if self.expires_at is not None and self.expires_s is not None:
            raise ValueError("give expires_at or expires_s, not both")
        return self

    def expiry(self) -> datetime | None:
        if self.expires_s is not None:
            return datetime.now(UTC) + timedelta(seconds=self.expires_s)
        return self.expires_at


class RevokeKey(Arguments):
    key_id: str = Field(description="Identifier of the key, see catalog.keys.")


class EndSession(Arguments):
    session_id: str = Field(description="Identifier of the session, see catalog.sessions.")


PRINCIPAL = schema_of(name=pa.string(), roles=pa.list_(pa.string()), has_password=pa.bool_(), disabled=pa.bool_())
CHANGED = schema_of(principal=pa.string(), sessions_ended=pa.int64())
NEW_KEY = schema_of(
    key_id=pa.string(),
    key=pa.string(),
    principal=pa.string(),
    name=pa.string(),
    expires_at=pa.timestamp("us", "UTC"),
)
REVOKED = schema_of(key_id=pa.string(), principal=pa.string(), sessions_ended=pa.int64())
ENDED = schema_of(sessions_ended=pa.int64())
Rows = Iterable[dict[str, Any]]


class AccessOperations:
    def __init__(self, principals: Principals, keys: ApiKeys, sessions: Sessions) -> None:
        self._principals = principals
        self._keys = keys
        self._sessions = sessions

    def operations(self) -> list[Operation[Any]]:
        # fmt: off
        return [
            Operation("create_principal", "Make a principal that may log in.", CreatePrincipal, PRINCIPAL, self.create),
            Operation("set_password", "Give a principal a new password; ends its sessions but the caller's own.",
                      SetPassword, CHANGED, self.set_password),
            Operation("set_certificate_subject", "Set which certificate logs in as a principal; ends what one opened.",
                      SetCertificateSubject, CHANGED, self.set_certificate_subject),
            Operation("disable_principal", "Refuse a principal every login and end its sessions; its rows stay.",
                      OnePrincipal, CHANGED, self.disable),
            Operation("enable_principal", "Let a disabled principal log in again.", OnePrincipal, CHANGED, self.enable),
            Operation("create_key", "Make a key that logs in as a principal; it is shown this once.",
                      CreateKey, NEW_KEY, self.create_key),
            Operation("revoke_key", "Revoke a key for good and end the sessions that it opened.",
                      RevokeKey, REVOKED, self.revoke_key),
            Operation("end_session", "End a session, whatever runs in it.", EndSession, ENDED, self.end_session),
            Operation("end_sessions", "End every session of a principal, whatever runs in them.",
                      OnePrincipal, CHANGED, self.end_sessions),
        ]
        # fmt: on

    def create(self, caller: Caller, arguments: CreatePrincipal) -> Rows:
        password = arguments.password
        record = Record(
            arguments.name,
            None if password is None else hash_password(password.get_secret_value()),
            tuple(dict.fromkeys(arguments.roles)),
            False,
            arguments.certificate_subject,
        )
        self._principals.create(caller.principal.name, record)
        has_password = record.password_hash is not None
        return [{"name": record.name, "roles": list(record.roles), "has_password": has_password, "disabled": False}]

    def set_password(self, caller: Caller, arguments: SetPassword) -> Rows:
        hashed = hash_password(arguments.password.get_secret_value())
        self._principals.change(
            caller.principal.name, arguments.principal, lambda record: replace(record, password_hash=hashed)
        )

        def ends(session: Session, login: Login) -> bool:
            """The caller's own goes on, unless each call to it sends the former password, which would still count."""
            sends_password = session.shared and login.kind == "password"
            return _is(login, arguments) and (session.id != caller.session_id or sends_password)

        return self._ended(arguments.principal, ends)

    def set_certificate_subject(self, caller: Caller, arguments: SetCertificateSubject) -> Rows:
        subject = arguments.certificate_subject
        self._principals.change(
            caller.principal.name, arguments.principal, lambda record: replace(record, certificate_subject=subject)
        )
        return self._ended(arguments.principal, lambda _, login: _is(login, arguments) and login.kind == "certificate")

    def disable(self, caller: Caller, arguments: OnePrincipal) -> Rows:
        self._set_disabled(caller, arguments, True)
        return self._ended(arguments.principal, lambda _, login: _is(login, arguments))

    def enable(self, caller: Caller, arguments: OnePrincipal) -> Rows:
        self._set_disabled(caller, arguments, False)
        return [{"principal": arguments.principal, "sessions_ended": 0}]

    def create_key(self, caller: Caller, arguments: CreateKey) -> Rows:
        expires_at = arguments.expiry()
        key_id, key = self._keys.create(caller.principal.name, arguments.principal, arguments.name, expires_at)
        said = {"principal": arguments.principal, "name": arguments.name, "expires_at": expires_at}
        return [{"key_id": key_id, "key": key, **said}]

    def revoke_key(self, caller: Caller, arguments: RevokeKey) -> Rows:
        revoked = self._keys.revoke(caller.principal.name, arguments.key_id)
        ended = self._sessions.end(lambda _, login: login.key_id == arguments.key_id)
        return [{"key_id": arguments.key_id, "principal": revoked.principal, "sessions_ended": ended}]

    def end_session(self, _: Caller, arguments: EndSession) -> Rows:
        ended = self._sessions.end(lambda session, _: session.id == arguments.session_id)
        if not ended:
            raise NotFound(f"there is no session {arguments.session_id!r}: see catalog.sessions")
        return [{"sessions_ended": ended}]

    def end_sessions(self, _: Caller, arguments: OnePrincipal) -> Rows:
        self._principals.require(arguments.principal)
        return self._ended(arguments.principal, lambda _, login: _is(login, arguments))

    def _set_disabled(self, caller: Caller, arguments: OnePrincipal, disabled: bool) -> None:
        if disabled and caller.principal.name == arguments.principal:
            raise InvalidArgument("nobody disables the principal that they are logged in as")
        self._principals.change(
            caller.principal.name, arguments.principal, lambda record: replace(record, disabled=disabled)
        )

    def _ended(self, principal: str, condition: Any) -> Rows:
        return [{"principal": principal, "sessions_ended": self._sessions.end(condition)}]


def _is(login: Login, arguments: OnePrincipal | SetPassword | SetCertificateSubject) -> bool:
    return login.principal.name == arguments.principal
