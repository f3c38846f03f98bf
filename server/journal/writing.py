"""The one writer of the journal: commits and events from outside into the chain, each exactly once.

A commit of events replaces the head, which tells up to which snapshot and which record of the append log the journal
is: whatever kills the process, the next one goes on from there. Another server that wrote meanwhile makes it conflict.
"""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from server.appendlog.frames import Kind
from server.appendlog.log import AppendLog
from server.appendlog.reading import Stored
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.engine.turns import Turns
from server.errors import Unavailable
from server.journal.appended import decode
from server.journal.chain import START, link
from server.journal.commits import SQL
from server.journal.event import Event, batch_of, microseconds
from server.journal.feed import Feed
from server.journal.heads import Anchor, Head, Seal
from server.journal.rows import EVENTS_AT_ONCE
from server.journal.sealing import Sealing
from server.journal.tables import table_event
from server.logs import logger

RECORDS_MAX = 256  # of the append log in one commit, 1 MiB each at most
ROWS = "journal_rows"
ELSEWHERE = "another server keeps the journal of this lake, or DATA/keys is not the one it had"
CHAINED = (pa.field("sequence", pa.int64()), pa.field("chain", pa.binary()))

_log = logger("journal")


class Writer:
    def __init__(self, engine: Engine, log: AppendLog, sealing: Sealing, seal: Seal, anchor: Anchor) -> None:
        self._engine, self._append_log = engine, log
        self._sealing, self._seal, self._anchor = sealing, seal, anchor
        self.writing = Turns()  # hold it to keep the journal where it is
        self._read_through = 0  # commits up to this snapshot need no event
        self._failures = 0
        self.elsewhere = False  # another server keeps the journal
        self.deadline = math.inf  # monotonic time after which nothing is written, and what is under way is given up

    def open(self) -> None:
        """Make the head at the first start, and find out how far the lake is."""
        with self.writing:
            if self._engine.read(lambda c: not c.rows(SQL["head"])):
                self._engine.commit(SERVER, "journal begins", self._begin)
            head = self._engine.read(self._head)
            if head.log_sequence > self._append_log.last:
                # The folder is older than the lake, put back from a copy.
                self._append_log.begin_anew(head.log_sequence)

    def catch_up(self) -> int:
        """Write what there was when it began; how many events. What others go on to write waits for the next call.

        Raises LakehouseError; what was not written is written by a later call, Unavailable if another server keeps the
        journal of this lake.
        """
        written = 0
        with self.writing:
            snapshot = self._engine.read(lambda cursor: int(cursor.rows(SQL["current"])[0][0]))
            record = self._append_log.last_of(Kind.JOURNAL)
            while True:
                count, through = self._round()
                written += count
                if through.read_snapshot >= snapshot and through.log_sequence >= record:
                    return written

    def head(self) -> Head:
        """How far the journal is."""
        head = self._engine.read(self._head)
        return replace(head, read_snapshot=max(head.read_snapshot, self._read_through))

    def settle(self) -> Head:
        """Catch up and note so in the lake, so that the commits read may be expired; how far the journal is."""
        with self.writing:
            self.catch_up()
            head = self.head()
            self._engine.commit(SERVER, "journal", lambda cursor: self._keep(cursor, head))
            self.catch_up()  # past this commit of its own
            return head

    def _round(self) -> tuple[int, Head]:
        """One commit at most: how many events, and how far the journal is."""
        reading = self._engine.cursor(SERVER)
        try:
            head = self._head(reading)
            after = max(head.read_snapshot, self._read_through)
            feed = Feed.read(reading, after, self._engine.settings.journal_default)
            records = self._append_log.read(Kind.JOURNAL, self._log_position(head), RECORDS_MAX)
            if not records and not feed.concerns_the_journal:
                self._read_through = feed.through
                return 0, replace(head, read_snapshot=feed.through, log_sequence=self._append_log.last)
            try:
                after_it = self._engine.commit(
                    SERVER, "journal", lambda cursor: self._write(cursor, reading, feed, records)
                )
            except Exception:
                self._failures += 1
                raise
        finally:
            reading.close()
        self._failures = 0
        self._anchor.write(after_it)
        self._append_log.release(Kind.JOURNAL, after_it.log_sequence)
        return after_it.sequence - head.sequence, after_it

    def _write(self, cursor: LakeCursor, reading: LakeCursor, feed: Feed, records: list[Stored]) -> Head:
        head = self._head(cursor)
        events = feed.events(reading, self._sealing, self._failures)
        sequence, chain = head.sequence, head.chain
        kept_sequence, kept_chain = self._anchor.read()
        if kept_sequence > sequence:
            lost = f"events {sequence + 1} to {kept_sequence} are not in the lake any more"
            at = feed.commits[-1].occurred_at if feed.commits else 0
            events = _preceded([table_event(None, "gap", lost, None, None, at, None)], events)
            sequence, chain = kept_sequence, kept_chain
        for some in _joined(_followed(events, records)):
            if time.monotonic() > self.deadline:
                raise Unavailable("the server stops: the next start goes on with the journal")
            sequence, chain = self._insert(cursor, some, sequence, chain)
        for switch in feed.carried:
            values = [switch.dataset, switch.enabled, switch.entity_column, switch.from_snapshot, switch.actor]
            cursor.execute(SQL["switch"], values)
        last = records[-1] if records else None
        after = Head(
            sequence,
            chain,
            feed.through,
            last.log_id if last else head.log_id,
            last.sequence if last else head.log_sequence,
        )
        self._keep(cursor, after)
        return after

    def _insert(self, cursor: LakeCursor, events: list[Event], sequence: int, chain: bytes) -> tuple[int, bytes]:
        """Add the events; sequence and link of the last one."""
        links = []
        for number, event in enumerate(events, sequence + 1):
            chain = link(chain, number, event)
            links.append(chain)
        rows = pa.Table.from_batches([batch_of(events)])
        numbers = pa.array(range(sequence + 1, sequence + 1 + len(events)), pa.int64())
        rows = rows.append_column(CHAINED[0], numbers).append_column(CHAINED[1], pa.array(links, pa.binary()))
        cursor.register(ROWS, rows)
        try:
            cursor.execute(SQL["insert"])
        finally:
            cursor.unregister(ROWS)
        return sequence + len(events), chain

    def _begin(self, cursor: LakeCursor) -> None:
        """The first event has a value in every column, and a commit of its own: where the first file of a table has a
        column of NULLs alone and the same commit adds another file, DuckLake forgets the column's bounds, takes those
        of the next file for all, and DuckDB then gives wrong rows for them."""
        if cursor.rows(SQL["head"]):  # of another server that started at the same time
            return
        snapshot = int(cursor.rows(SQL["current"])[0][0])
        now = microseconds(datetime.now(UTC))
        first = Event("", "", "begin", "", "the journal begins", SERVER, SERVER, "", now, snapshot, 0, 0, b"")
        sequence, chain = self._insert(cursor, [first], 0, START)
        self._keep(cursor, Head(sequence, chain, snapshot))

    def _keep(self, cursor: LakeCursor, head: Head) -> None:
        place = [head.sequence, head.chain, head.read_snapshot, head.log_id, head.log_sequence]
        cursor.execute(SQL["forget_head"])
        cursor.execute(SQL["keep_head"], [*place, self._seal.public_key, self._seal.sign(head)])

    def _head(self, cursor: LakeCursor) -> Head:
        """Raises Unavailable if it is another server's."""
        *place, public_key, _ = cursor.rows(SQL["head"])[0]
        self.elsewhere = public_key != self._seal.public_key
        if self.elsewhere:
            raise Unavailable(ELSEWHERE)
        return Head(*place)

    def _log_position(self, head: Head) -> int:
        """Sequence up to which the append log's records are in the lake."""
        logs = self._append_log.log_ids()
        return head.log_sequence if head.log_id in logs else min(logs.values()) - 1


def _preceded(first: list[Event], rest: Iterable[list[Event]]) -> Iterator[list[Event]]:
    yield first
    yield from rest


def _joined(batches: Iterable[list[Event]]) -> Iterator[list[Event]]:
    """Small ones together, so that a commit makes few files."""
    joined: list[Event] = []
    for events in batches:
        joined += events
        if len(joined) >= EVENTS_AT_ONCE:
            yield joined
            joined = []
    if joined:
        yield joined


def _followed(events: Iterable[list[Event]], records: list[Stored]) -> Iterator[list[Event]]:
    yield from events
    appended = [event for record in records for event in decode(record.payload)]
    if appended:
        yield appended
