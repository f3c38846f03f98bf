"""Detection where rows arrive: in the transaction that makes a table, or appends to one, so that both are committed
together. `ingest_file`, streams of clients and CREATE TABLE AS call this."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.location import LAKE
from server.errors import LakehouseError
from server.logs import logger
from server.pii.columns import Column, known_columns, new_columns
from server.pii.detection import SQL, detect
from server.pii.scans import Table, record
from server.sql.quoting import qualified

# The first rows of the table, that a sample is drawn from: whole row groups cost several times as much.
DRAWN_FROM_ROWS = 4_096
SAMPLED_ROWS = 500
# A known table is looked at again when it has this many times the rows that it had.
GROWTH = 10
KNOWN_MAX = 10_000  # tables whose newest look is remembered


_log = logger("pii")


@dataclass(frozen=True)
class _Known:
    row_count: int
    column_ids: frozenset[int]


class Arrivals:
    def __init__(self, engine: Engine) -> None:
        self._enabled = engine.settings.pii_detection
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._lock = Lock()

    def made(self, cursor: LakeCursor, actor: str, schema: str, table: str, rows: int, alone: bool = True) -> None:
        """The open transaction has made this table, with so many rows. alone: as for `arrived`."""
        if self._enabled:
            self._look(cursor, actor, Table(None, schema, table, rows), _described(cursor, schema, table))

    def arrived(self, cursor: LakeCursor, actor: str, schema: str, table: str, rows: int, alone: bool) -> None:
        """So many rows have come into this table, which the open transaction may have made. alone: no client's
        transaction is open, so that what it reads of earlier looks is committed."""
        if not self._enabled:
            return
        found = cursor.rows(SQL["table"], [schema, table])
        if not found:
            self.made(cursor, actor, schema, table, rows)
            return
        table_id, schema, table, before = found[0]
        columns = known_columns(cursor.rows(SQL["columns"], [table_id]))
        known = self._newest(cursor, table_id, alone)
        if known is None or not _ids(columns) <= known.column_ids or _has_grown(known.row_count, before + rows):
            with self._lock:
                self._known.pop(table_id, None)
            if not alone and _names(columns) != _names(_described(cursor, schema, table)):
                return  # the transaction has altered it: the numbers of its columns are not known yet
            self._look(cursor, actor, Table(table_id, schema, table, before + rows), columns)

    def _look(self, cursor: LakeCursor, actor: str, table: Table, columns: Sequence[Column]) -> None:
        full = qualified(LAKE, table.schema, table.name)

        def drawn(count: int) -> str:
            return SQL["first"].format(table=full, window=DRAWN_FROM_ROWS, count=count)

        try:
            look = detect(cursor, drawn, columns, SAMPLED_ROWS)
        except LakehouseError:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours in judging values must not cost a client its rows
            _log.error("personal data could not be looked for", table=str(table.id), error=type(error).__name__)
            return
        record(cursor, actor, [(table, look)])

    def _newest(self, cursor: LakeCursor, table_id: int, alone: bool) -> _Known | None:
        """The newest look at a table. Remembered, since to read it costs as much as a small append."""
        with self._lock:
            if (known := self._known.get(table_id)) is not None:
                self._known.move_to_end(table_id)
                return known
        rows = cursor.rows(SQL["newest_scan"], [table_id])
        if not rows:
            return None
        known = _Known(int(rows[0][0]), frozenset(rows[0][1]))
        if alone:
            with self._lock:
                self._known[table_id] = known
                if len(self._known) > KNOWN_MAX:
                    self._known.popitem(last=False)
        return known


def _described(cursor: LakeCursor, schema: str, table: str) -> list[Column]:
    """Of a table that DuckLake's metadata does not have yet."""
    return new_columns(cursor.execute(f"FROM {qualified(LAKE, schema, table)} LIMIT 0").columns())


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]


def _ids(columns: Sequence[Column]) -> set[int]:
    """Of the leaves."""
    return {number for column in columns for number in (_ids(column.parts) if column.parts else {column.id})}


def _has_grown(before: int, now: int) -> bool:
    return now > before and now >= GROWTH * before
