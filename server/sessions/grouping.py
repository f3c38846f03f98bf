"""Group commit: single inserts into one table, by one principal, that come while another is being committed.

A commit of DuckLake takes many times what a row costs, and one commit at a time is all that a table gains from. So one
statement leads: it runs by itself. Those that come meanwhile get their rows ready and wait; when the leader is done,
one of them commits the rows of all, and of those that are about to come. A commit carries one author, so principals
are never mixed.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from server.engine.commits import UNKNOWN, commit_on
from server.engine.engine import SERVER, Engine
from server.engine.shown import Shown
from server.errors import OutcomeUnknown, Unsupported
from server.logs import logger
from server.sessions.staging import StagedRows
from server.sql.inserts import insert_rows

STATEMENTS_MAX = 1000
TABLES_MAX = 1000
GATHERING = 0.5

_log = logger("group_commit")


@dataclass(frozen=True)
class Key:
    """What inserts of one group share. names: of the table as the statement has them. locked: the name of its lock."""

    principal: str
    schema: str
    time_zone: str
    names: tuple[str, ...]
    locked: str


@dataclass
class _Waiting:
    staged: StagedRows
    unknown: bool = False
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    leads: bool = False


@dataclass
class _Table:
    """One principal's inserts into one table. busy: somebody commits. The rest tells of the latest group: how many
    statements it had, the seconds that its commit took and when it ended."""

    busy: bool = False
    waiting: list[_Waiting] = field(default_factory=list)
    size: int = 1
    commit_s: float = 0.0
    ended: float = 0.0

    @property
    def crowded(self) -> bool:
        """Whether others are about to come: those that were committed a moment ago and insert again."""
        return self.size > 1 and time.monotonic() - self.ended < self.commit_s


class Turn:
    """One statement's place. leads: nobody else commits to the table now. alone: nor is anybody about to, so that the
    statement is to run by itself."""

    def __init__(self, group: "GroupCommit", key: Key, leads: bool, alone: bool) -> None:
        self._group = group
        self._key = key
        self.leads = leads
        self.alone = alone

    def commit(self, staged: StagedRows) -> bool:
        """Wait until the rows are committed. False if they could not be, together with others': then each statement
        runs by itself and meets its own error."""
        own = _Waiting(staged, leads=self.leads)
        try:
            self._group.commit(self._key, own)
        finally:
            self.leads = own.leads
        return own.done


class GroupCommit:
    def __init__(self, engine: Engine, guarded: Callable[[str], bool]) -> None:
        """guarded: whether a table has suppressed keys, so that its inserts run one by one."""
        self._engine = engine
        self._guarded = guarded
        self._tables: OrderedDict[Key, _Table] = OrderedDict()
        self._idle: deque[Shown] = deque()  # for commits to come: making one costs as much as a small statement
        self._lock = threading.Condition()

    @contextmanager
    def turn(self, key: Key) -> Iterator[Turn]:
        with self._lock:
            table = self._table(key)
            turn = Turn(self, key, leads=not table.busy, alone=not table.busy and not table.crowded)
            table.busy = True
        try:
            yield turn
        finally:
            if turn.leads:
                self._hand_over(key)

    def commit(self, key: Key, own: _Waiting) -> None:
        """Commit the rows, or have them committed: `own` tells which, and whether its statement is to hand over."""
        with self._lock:
            table = self._table(key)
            if not table.busy:  # the leader went meanwhile
                table.busy = own.leads = True
            if not own.leads:
                table.waiting.append(own)
                self._lock.notify_all()
        if not own.leads:
            own.woken.wait()
        if own.unknown:
            raise OutcomeUnknown(UNKNOWN)
        if own.leads and not own.done:
            self._lead(key, table, own)

    def _lead(self, key: Key, table: _Table, own: _Waiting) -> None:
        group = [own, *self._gather(table, own)]
        began = time.monotonic()
        try:
            self._write(key, [waiting.staged for waiting in group])
            for waiting in group:
                waiting.done = True
        except OutcomeUnknown:
            for waiting in group:
                waiting.unknown = True
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, each statement runs by itself and meets its own
            _log.info("grouped inserts run one by one", statements=len(group), error=type(error).__name__)
        finally:
            table.ended = time.monotonic()
            table.size, table.commit_s = len(group), table.ended - began
            for waiting in group[1:]:
                waiting.woken.set()

    def _gather(self, table: _Table, own: _Waiting) -> list[_Waiting]:
        """Those that wait; as many as the last time are given a moment to come, shorter than the commit that they save.

        Only those whose rows have the same columns, since the statements may differ and the table may change.
        """
        with self._lock:
            self._lock.wait_for(lambda: len(table.waiting) + 1 >= table.size, table.commit_s * GATHERING)
            taken: list[_Waiting] = []
            for waiting in table.waiting[: STATEMENTS_MAX - 1]:
                if all(waiting.staged.fits(other.staged) for other in (own, *taken)):
                    taken.append(waiting)
            table.waiting = [w for w in table.waiting if w not in taken]
        return taken

    def _write(self, key: Key, staged: list[StagedRows]) -> None:
        rows = pa.concat_tables((s.rows for s in staged), promote_options="default")
        try:
            writer = self._idle.pop()
        except IndexError:
            writer = Shown(self._engine.cursor(SERVER))
        try:
            writer.cursor.set_time_zone(key.time_zone)  # in which bound values are cast
            with self._engine.locks.shared(key.locked), writer.showing(rows) as view:
                if self._guarded(key.locked):
                    raise Unsupported(f"{key.locked} has suppressed keys")
                text = insert_rows(staged[0].target, staged[0].columns, view, rows.num_columns)
                message = f"insert ({len(staged)} statements)"
                commit_on(writer.cursor, key.principal, message, lambda cursor: cursor.execute(text), short=True)
        finally:
            self._idle.append(writer)

    def _hand_over(self, key: Key) -> None:
        """Wake one that waits, to lead; with none the table is free."""
        with self._lock:
            table = self._table(key)
            if table.waiting:
                following = table.waiting.pop(0)
                following.leads = True
                following.woken.set()
            else:
                table.busy = False

    def _table(self, key: Key) -> _Table:
        table = self._tables.setdefault(key, _Table())
        self._tables.move_to_end(key)
        if len(self._tables) > TABLES_MAX:
            idle = next((known for known, other in self._tables.items() if not other.busy), None)
            if idle is not None and idle != key:
                del self._tables[idle]
        return table
