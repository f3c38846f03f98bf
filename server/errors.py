"""Every error that a caller can meet, in the caller's words.

Raise these anywhere; `flight/errors.py` alone turns them into Flight errors. `status` is the Flight status, `code` a
stable name that clients may match on. Anything that is not a LakehouseError is logged whole and reaches the wire as
"internal error".
"""

from enum import Enum
from typing import ClassVar


class Status(Enum):
    """The statuses that a pyarrow Flight server can signal."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    CANCELLED = "CANCELLED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    INTERNAL = "INTERNAL"


class LakehouseError(Exception):
    """The root. Its text is meant for the caller: it names the thing, the limit and the next step."""

    status: ClassVar[Status] = Status.INTERNAL
    code: ClassVar[str] = "internal"


class InvalidArgument(LakehouseError):
    status = Status.INVALID_ARGUMENT
    code = "invalid_argument"


class SqlError(InvalidArgument):
    """DuckDB refused the statement; the text is DuckDB's, position included."""

    code = "sql_error"


class MigrationProposed(InvalidArgument):
    """Rows do not fit their table: a migration waits for a decision, or was rejected. The text names it."""

    code = "migration_proposed"


class DimensionMismatch(InvalidArgument):
    code = "dimension_mismatch"


class KeySuppressed(InvalidArgument):
    """A statement would bring back rows of a key that has a tombstone."""

    code = "key_suppressed"


class AlreadyExists(InvalidArgument):
    code = "already_exists"


class NotFound(LakehouseError):
    status = Status.NOT_FOUND
    code = "not_found"


class Unsupported(LakehouseError):
    status = Status.UNIMPLEMENTED
    code = "unsupported"


class Unauthenticated(LakehouseError):
    status = Status.UNAUTHENTICATED
    code = "unauthenticated"


class PermissionDenied(LakehouseError):
    status = Status.PERMISSION_DENIED
    code = "permission_denied"


class Cancelled(LakehouseError):
    status = Status.CANCELLED
    code = "cancelled"


class StatementTimeout(LakehouseError):
    status = Status.DEADLINE_EXCEEDED
    code = "statement_timeout"


class Unavailable(LakehouseError):
    """Something outside the statement is missing or busy: trying again later may work."""

    status = Status.UNAVAILABLE
    code = "unavailable"


class Conflict(Unavailable):
    """Another writer committed first: run the transaction again."""

    code = "conflict"


class SchemaChanged(Unavailable):
    """A table of the query is another one than when the query was planned: run it again."""


class OutcomeUnknown(Unavailable):
    """Whether a commit was done can't be told: look before trying again."""

    code = "outcome_unknown"


class CompactionFailed(LakehouseError):
    """New files do not hold what they were to replace: the old ones stay."""

    code = "compaction_failed"


class EndedForErasure(Unavailable):
    """A statement or transaction was ended so that files could be removed: run it again."""

    code = "ended_for_erasure"


class CertificateBroken(LakehouseError):
    """What the lake has of a certificate is not what was signed."""

    code = "certificate_broken"


class ProviderUnavailable(Unavailable):
    """A model service did not answer, or answered with an error."""

    code = "provider_unavailable"


class AnswerUnusable(Unavailable):
    """A model answered with what can't be used: asking again, or another model, may help."""

    code = "answer_unusable"


class LogUnavailable(Unavailable):
    """A record can't be written to the append log: what must be recorded is refused."""

    code = "log_unavailable"


class LimitExceeded(Unavailable):
    """A bound was reached. The text names the bound as it is called in `catalog.settings`."""

    code = "limit_exceeded"

    def __init__(self, bound: str, message: str) -> None:
        super().__init__(f"{message} (bound: {bound})")
        self.bound = bound


class StartupError(LakehouseError):
    """The server can't start; printed as one line, exit status 1."""

    code = "startup"
