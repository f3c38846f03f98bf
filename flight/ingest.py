"""CommandStatementIngest: an Arrow stream into a table, all rows or none."""

from collections.abc import Mapping

import pyarrow as pa

from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument
from server.ingest.feed import Feed, fed
from server.ingest.loading import Mode
from server.sessions.session import Session

_Options = sql.CommandStatementIngest.TableDefinitionOptions
CREATE, ABSENT_FAIL = _Options.TABLE_NOT_EXIST_OPTION_CREATE, _Options.TABLE_NOT_EXIST_OPTION_FAIL
PRESENT_FAIL = _Options.TABLE_EXISTS_OPTION_FAIL
APPEND, REPLACE = _Options.TABLE_EXISTS_OPTION_APPEND, _Options.TABLE_EXISTS_OPTION_REPLACE

MODES: Mapping[tuple[int, int], Mode] = {
    (CREATE, PRESENT_FAIL): "create",
    (CREATE, 0): "create",
    (ABSENT_FAIL, APPEND): "append",
    (0, APPEND): "append",
    (CREATE, REPLACE): "replace",
    (CREATE, APPEND): "create_append",
    (0, 0): "create",
}


def ingest(session: Session, command: sql.CommandStatementIngest, rows: pa.RecordBatchReader) -> int:
    """The number of rows loaded."""
    options = command.table_definition_options
    mode = MODES.get((options.if_not_exist, options.if_exists))
    if mode is None:
        raise InvalidArgument(
            "this combination of if_not_exist and if_exists has no meaning: a table can't be replaced only"
        )
    if command.catalog not in ("", "lakehouse"):
        raise InvalidArgument(f"there is no catalog {command.catalog!r}: tables are in lakehouse")
    if not command.table:
        raise InvalidArgument("an ingest names its table")
    transaction_id = command.transaction_id or session.transactions.meant(b"")

    def load(feed: Feed) -> int:
        return session.ingest(feed, command.schema, command.table, command.temporary, mode, transaction_id)

    return fed(rows, load)
