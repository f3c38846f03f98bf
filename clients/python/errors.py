"""What went wrong, in the server's words: the message and the stable code, without what the transports add.

The server ends every error text with ` [code]`. pyarrow appends `. Detail: …`; ADBC puts its status in front and
`(Status; Call)` behind. `lakehouse_error` takes those off again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager
import pyarrow as pa
from pyarrow import flight

UNKNOWN_CODE = "unknown"
# ArrowIOError is Python's own OSError, so a stream that breaks half way arrives as one.
DRIVER_ERRORS: tuple[type[Exception], ...] = (
    adbc_driver_manager.Error,
    flight.FlightError,
    pa.ArrowException,
    OSError,
)

_PREFIX = re.compile(r"^(?:[A-Z_]+: )?\[FlightSQL\] ")
_CODE = re.compile(r" \[([a-z][a-z_]*)\](?=\. Detail: | \(\w+; \w+\)|$)")
_SUFFIX = re.compile(r"\. Detail: .*|\.? gRPC client debug context: .*| \(\w+; \w+\).*", re.DOTALL)


class LakehouseError(Exception):
    """`message` is meant for people; `code` is a stable name to match on, 'unknown' when the server gave none."""

    def __init__(self, message: str, code: str = UNKNOWN_CODE) -> None:
        super().__init__(f"{message} [{code}]" if code != UNKNOWN_CODE else message)
        self.message = message
        self.code = code


def lakehouse_error(error: Exception) -> LakehouseError:
    """Translate an error of pyarrow.flight or ADBC; a LakehouseError comes back as it is."""
    if isinstance(error, LakehouseError):
        return error
    text = _PREFIX.sub("", str(error))
    coded = _CODE.search(text)
    if coded:
        return LakehouseError(text[: coded.start()], coded.group(1))
    return LakehouseError(_SUFFIX.sub("", text))


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise LakehouseError in place of the drivers' errors, whose chained tracebacks tell a caller nothing."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise lakehouse_error(error) from None


@contextmanager
def login_errors(uri: str) -> Iterator[None]:
    """As `plain_errors`, and name the address when the server itself did not answer."""
    try:
        yield
    except DRIVER_ERRORS as error:
        plain = lakehouse_error(error)
        if plain.code != UNKNOWN_CODE:
            raise plain from None
        raise LakehouseError(f"cannot reach a server at {uri}: {plain.message}", "unavailable") from None
