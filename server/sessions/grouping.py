"""Group commit: single inserts into one table, by one principal, that come while another is being committed.

A commit of DuckLake takes many times what a row costs, and one commit at a time is all that a table gains from. So one
statement leads: it runs by itself. Those that come meanwhile compute their rows and wait; when the leader is done, one
of them commits the rows of all. A commit carries one author, so principals are never mixed.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine, commit_on
from server.errors import LakehouseError
from server.logs import logger
from server.sessions.staging import StagedRows

Key: TypeAlias = tuple[str, str, tuple[str, ...]]  # principal; schema and name of the table as the statement has them
VIEW = "lakehouse_grouped_rows"
ROWS_MAX = 10_000

_log = logger("group_commit")


@dataclass
class _Waiting:
    staged: StagedRows
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    leads: bool = False


@dataclass
class _Table:
    """One principal's inserts into one table. busy: somebody commits."""

    busy: bool = False
    waiting: list[_Waiting] = field(default_factory=list)


class Turn:
    """One statement's place. leads: nobody else commits to the table now, so it is to run by itself."""

    def __init__(self, group: "GroupCommit", key: Key, leads: bool) -> None:
        self._group = group
        self._key = key
        self.leads = leads

    def commit(self, staged: StagedRows) -> bool:
        """Wait until the rows are committed. False if they could not be, together with others': then each statement
        runs by itself and meets its own error."""
        done, self.leads = self._group.wait(self._key, staged)
        return done


class GroupCommit:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables: dict[Key, _Table] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, key: Key) -> Iterator[Turn]:
        with self._lock:
            table = self._tables.setdefault(key, _Table())
            turn = Turn(self, key, not table.busy)
            table.busy = True
        try:
            yield turn
        finally:
            if turn.leads:
                self._hand_over(key)

    def wait(self, key: Key, staged: StagedRows) -> tuple[bool, bool]:
        """(whether the rows are committed, whether the caller leads now and is to hand over)."""
        own = _Waiting(staged)
        with self._lock:
            table = self._tables.get(key)
            if table is None or not table.busy:  # the leader went meanwhile
                self._tables.setdefault(key, _Table()).busy = own.leads = True
            else:
                table.waiting.append(own)
        if not own.leads:
            own.woken.wait()
        if own.leads and not own.done:
            return self._commit(key, own), True
        return own.done, own.leads

    def _commit(self, key: Key, own: _Waiting) -> bool:
        group = [own, *self._take(key, own)]
        try:
            self._write(key[0], [waiting.staged for waiting in group])
        except LakehouseError as error:
            _log.info("grouped inserts run one by one", statements=len(group), error_code=error.code)
        else:
            for waiting in group:
                waiting.done = True
        for waiting in group[1:]:
            waiting.woken.set()
        return own.done

    def _take(self, key: Key, own: _Waiting) -> list[_Waiting]:
        """Those whose rows have the same columns, since the table may have changed between two."""
        schema, target = own.staged.rows.schema, own.staged.target
        with self._lock:
            waiting = self._tables[key].waiting
            taken = [w for w in waiting if w.staged.target == target and w.staged.rows.schema.equals(schema)]
            taken = taken[: ROWS_MAX - 1]
            self._tables[key].waiting = [w for w in waiting if w not in taken]
        return taken

    def _write(self, principal: str, staged: list[StagedRows]) -> None:
        rows, target = pa.concat_tables(s.rows for s in staged), staged[0].target

        def insert(cursor: LakeCursor) -> None:
            cursor.register(VIEW, rows)
            try:
                cursor.execute(f"INSERT INTO {target} BY NAME FROM {VIEW}")
            finally:
                cursor.unregister(VIEW)

        cursor = self._engine.cursor(principal)
        try:
            commit_on(cursor, principal, f"insert ({len(staged)} statements)", insert)
        finally:
            cursor.close()

    def _hand_over(self, key: Key) -> None:
        """Wake one that waits, to lead; with none the table is free."""
        with self._lock:
            table = self._tables[key]
            if table.waiting:
                following = table.waiting.pop(0)
                following.leads = True
                following.woken.set()
            else:
                del self._tables[key]
