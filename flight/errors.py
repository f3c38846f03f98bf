"""Our errors as Flight errors: the one place that knows both.

Any other exception in a handler would put its traceback on the wire (pyarrow does so even for its own ArrowInvalid, the
only way to INVALID_ARGUMENT), so every door into this package goes through `guarded`.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

import pyarrow.flight as fl

from server.errors import LakehouseError, Status
from server.logs import logger

P = ParamSpec("P")
T = TypeVar("T")

_log = logger("flight")


class _OnWire(Exception):
    """Base of exceptions that pyarrow signals by their built-in class.

    pyarrow appends such an exception's formatted traceback to the message. Formatting reads `__cause__`; as it fails
    here, pyarrow falls back to the name of the class alone.
    """

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def __cause__(self) -> BaseException | None:  # type: ignore[override]
        raise RuntimeError("not to be formatted")


class InvalidArgument(_OnWire, ValueError):
    pass


class NotFound(_OnWire, KeyError):
    pass


class Unimplemented(_OnWire, NotImplementedError):
    pass


_FLIGHT: dict[Status, Callable[[str], Exception]] = {
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.NOT_FOUND: NotFound,
    Status.UNIMPLEMENTED: Unimplemented,
    Status.DEADLINE_EXCEEDED: fl.FlightTimedOutError,
    Status.UNAVAILABLE: fl.FlightUnavailableError,
    Status.CANCELLED: fl.FlightCancelledError,
    Status.PERMISSION_DENIED: fl.FlightUnauthorizedError,
    Status.UNAUTHENTICATED: fl.FlightUnauthenticatedError,
    Status.INTERNAL: fl.FlightInternalError,
}


MESSAGE_CHARS_MAX = 3000  # gRPC carries it in headers, of which clients take 8 KiB


def _shortened(message: str) -> str:
    """Without its middle, where it repeats a long text of the caller's."""
    if len(message) <= MESSAGE_CHARS_MAX:
        return message
    half = MESSAGE_CHARS_MAX // 2
    return f"{message[:half]} … {message[-half:]}"


def flight_error(error: BaseException) -> Exception:
    """The Flight error for any exception; what we don't know is logged whole and told as "internal error"."""
    if isinstance(error, LakehouseError):
        return _FLIGHT[error.status](f"{_shortened(str(error))} [{error.code}]")
    _log.error("unexpected error", exc_info=error)
    return fl.FlightInternalError("internal error: see the server's log [internal]")


def guarded(method: Callable[P, T]) -> Callable[P, T]:
    """Let nothing but Flight errors out of a handler."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nothing but Flight errors may leave
            raise flight_error(error) from None

    return call


def guarded_schema(method: Callable[P, T]) -> Callable[P, T]:
    """The same for get_schema, in which pyarrow knows no Flight error: it would send the traceback of one. What has no
    built-in class of its own arrives as INVALID_ARGUMENT, its code in the text as ever."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nothing but Flight errors may leave
            raised = flight_error(error)
            raise (raised if isinstance(raised, _OnWire) else InvalidArgument(str(raised))) from None

    return call


def guarded_batches(batches: Iterator[T]) -> Iterator[T]:
    """The same for a stream that is read after its handler has returned."""
    try:
        yield from batches
    except Exception as error:  # noqa: BLE001 - nothing but Flight errors may leave
        raise flight_error(error) from None
