"""A session's options, by name: set by SetSessionOptions of Flight SQL and by SET, read by GetSessionOptions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from server.engine.cursor import DEFAULT_SCHEMA
from server.engine.location import LAKE
from server.errors import InvalidArgument, LakehouseError, NotFound
from server.gate.rules import check_schema
from server.sessions.cursors import SessionCursors

DEFAULT_TIME_ZONE = "UTC"
TEXT_CHARS_MAX = 256
ZONE_CHARS_MAX = 64  # DuckDB compares a name that it does not know with every zone, at a cost that grows with both

Value: TypeAlias = str | bool | int | float | list[str]


class Configurable(Protocol):
    """What options change of a session. statement_s_max: its own bound in seconds, None for the server's."""

    cursors: SessionCursors
    statement_s_max: float | None

    @property
    def statement_s_bound(self) -> float:
        """The server's bound, in seconds."""


@dataclass(frozen=True)
class Option:
    """write(session, value): None resets. Raises a LakehouseError for a value that can't be."""

    name: str
    description: str
    read: Callable[[Configurable], Value]
    write: Callable[[Configurable, Value | None], None]


class Options:
    """The registry. Names are compared without case."""

    def __init__(self, *options: Option) -> None:
        self._by_name: dict[str, Option] = {}
        for option in options:
            self.add(option)

    def add(self, option: Option) -> None:
        self._by_name[option.name.lower()] = option

    def names(self) -> list[str]:
        return sorted(option.name for option in self._by_name.values())

    def find(self, name: str) -> Option:
        """Raises NotFound."""
        if (option := self._by_name.get(name.lower())) is None:
            raise NotFound(f"there is no session option {name!r}: there are {', '.join(self.names())}")
        return option

    def values(self, session: Configurable) -> Mapping[str, Value]:
        return {option.name: option.read(session) for option in self._by_name.values()}


def standard() -> Options:
    return Options(
        Option("catalog", "The catalog, always the same one.", lambda _: LAKE, _use_catalog),
        Option("schema", "What unqualified names mean.", lambda e: e.cursors.schema, _use_schema),
        Option(
            "timezone", "Time zone of this session.", lambda e: e.cursors.time_zone or DEFAULT_TIME_ZONE, _use_time_zone
        ),
        Option(
            "statement_s_max",
            "A bound in seconds on the session's statements, below the server's.",
            lambda e: e.statement_s_max or e.statement_s_bound,
            _bound_statements,
        ),
    )


def _text(value: Value | None, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str):
        raise InvalidArgument(f"the option takes a text, not a {type(value).__name__}")
    return _bounded(value, TEXT_CHARS_MAX)


def _bounded(text: str, chars_max: int) -> str:
    if len(text) > chars_max:
        raise InvalidArgument(f"the option takes {chars_max} characters at most, not {len(text)}")
    return text


def _use_catalog(_: Configurable, value: Value | None) -> None:
    if _text(value, LAKE).lower() != LAKE:
        raise InvalidArgument(f"there is one catalog, {LAKE}")


def _use_schema(session: Configurable, value: Value | None) -> None:
    """Raises InvalidArgument for a schema that is not there, PermissionDenied for a closed one."""
    wanted, cursors = _text(value, DEFAULT_SCHEMA), session.cursors
    check_schema(wanted)
    found = cursors.schemas()
    schema = next((name for name in found if name.lower() == wanted.lower()), None)
    if schema is None:
        raise InvalidArgument(f"there is no schema {wanted!r}: there are {', '.join(found)}")
    cursors.use(schema)


def _use_time_zone(session: Configurable, value: Value | None) -> None:
    session.cursors.set_time_zone(_bounded(_text(value, DEFAULT_TIME_ZONE), ZONE_CHARS_MAX))


def _bound_statements(session: Configurable, value: Value | None) -> None:
    if value is None:
        session.statement_s_max = None
        return
    if isinstance(value, str):
        _bounded(value, TEXT_CHARS_MAX)
    try:
        seconds = float(value)  # type: ignore[arg-type]  # a list is refused like any other
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument("statement_s_max is a number of seconds") from None
    if isinstance(value, bool) or not 0 < seconds <= session.statement_s_bound:
        raise InvalidArgument(f"statement_s_max lies above 0 and is {session.statement_s_bound:g} s at most")
    session.statement_s_max = seconds


def write(options: Options, session: Configurable, values: Mapping[str, Value | None]) -> dict[str, LakehouseError]:
    """Set each; the errors of those that could not be set, by the name that was given."""
    errors: dict[str, LakehouseError] = {}
    for name, value in values.items():
        try:
            options.find(name).write(session, value)
        except LakehouseError as error:
            errors[name] = error
    return errors
