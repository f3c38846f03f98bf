"""Transactions of ours on a cursor: committed under an author's name, run again after a conflict, never twice."""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.errors import Conflict, LakehouseError, OutcomeUnknown
from server.logs import logger

T = TypeVar("T")

CONFLICT_TRIES = 8
UNKNOWN = "the connection to the lake's catalog broke while it committed: look whether the rows are there"
METADATA = f"__ducklake_metadata_{LAKE}"
SCHEMA = f"SELECT 1 FROM {LAKE}.catalog.migrations LIMIT 0"
COMMITTED = f"SELECT 1 FROM {METADATA}.ducklake_snapshot_changes WHERE commit_extra_info = ?"
ON_POSTGRES = f"SELECT 1 FROM ducklake_settings('{LAKE}') WHERE catalog_type = 'postgres'"
# A COMMIT may still be on its way when its connection is gone. This returns once no write from before is open, or fails
# after the time in it.
SETTLE = "SET LOCAL lock_timeout = '10s'; LOCK TABLE public.ducklake_snapshot_changes IN SHARE MODE"

# Two commits at the same moment meet in DuckLake's catalog, and the second is done again, as is one that another came
# before since it began. So commits go one at a time, while statements run side by side; but those whose work is short
# beside their commit go one at a time as a whole.
_one_commits = threading.Lock()
_one_short = threading.Lock()

_log = logger("commits")


def commit_on(
    cursor: LakeCursor,
    author: str,
    message: str,
    work: Callable[[LakeCursor], T],
    tries: int = CONFLICT_TRIES,
    short: bool = False,
) -> T:
    """Run work between BEGIN and COMMIT. On a conflict with another writer everything is run again, so work must have
    no effect outside the lake. short: the work takes less than its commit.

    Raises Conflict after so many tries, OutcomeUnknown as `commit` does.
    """
    with cursor.quiet.using(), _one_short if short else contextlib.nullcontext():
        return _tried(cursor, author, message, work, tries)


def _tried(cursor: LakeCursor, author: str, message: str, work: Callable[[LakeCursor], T], tries: int) -> T:
    for attempt in range(tries):
        try:
            cursor.execute("BEGIN")
            result = work(cursor)
            commit(cursor, author, message)
            return result
        except Conflict:
            cursor.roll_back()
            if attempt == tries - 1:
                raise
            time.sleep(0.005 * 2**attempt)
        except BaseException:
            cursor.roll_back()
            raise
    raise AssertionError("unreachable")


def commit(cursor: LakeCursor, author: str, message: str) -> None:
    """End the open transaction. Raises Conflict if another writer was first.

    A catalog on Postgres may commit and its answer be lost, which DuckDB tells like a conflict: so each commit has a
    mark of its own, and the catalog is asked for it once nothing is under way there. Raises OutcomeUnknown if that
    can't be asked, or if DuckLake took the commit for failed and removed its files.
    """
    mark = secrets.token_hex(16)
    # With its schema: DuckDB looks for it in the current one, which the transaction may have dropped.
    cursor.execute(f"CALL {LAKE}.main.set_commit_message(?, ?, extra_info => ?)", [author, message, mark])
    try:
        with _one_commits:
            _commit(cursor)
    except LakehouseError as error:
        cursor.roll_back()
        try:
            if cursor.rows(ON_POSTGRES):
                cursor.execute("CALL postgres_execute(?, ?)", [METADATA, SETTLE])
            committed = bool(cursor.rows(COMMITTED, [mark]))
        except LakehouseError:
            raise OutcomeUnknown(UNKNOWN) from error
        if committed:
            _log.error("a commit succeeded whose answer was lost", author=author, commit_message=message)
            raise OutcomeUnknown(UNKNOWN) from error
        raise


def _commit(cursor: LakeCursor) -> None:
    if not cursor.changed_schema:
        cursor.execute("COMMIT")
        return
    with cursor.schemas.closed():
        cursor.execute("COMMIT")
        cursor.changed_schema = False
        warm(cursor)


@contextlib.contextmanager
def nobody_else(cursor: LakeCursor) -> Iterator[None]:
    """Nobody else commits or begins a statement meanwhile. Then DuckLake's schema is read once, see `SchemaGate`."""
    with cursor.quiet.using(), _one_commits, cursor.schemas.closed():
        try:
            yield
        finally:
            warm(cursor)


def warm(cursor: LakeCursor) -> None:
    """Have DuckLake read the schema that counts now."""
    with contextlib.suppress(LakehouseError):
        cursor.rows(SCHEMA)


def read_on(cursor: LakeCursor, work: Callable[[LakeCursor], T]) -> T:
    """Run work in a transaction that leaves nothing behind."""
    with cursor.quiet.using():
        cursor.execute("BEGIN")
        try:
            return work(cursor)
        finally:
            cursor.roll_back()
