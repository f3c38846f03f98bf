"""The journal as the rest of the server sees it: follows the lake in the background, takes events, tells how far it is.

Open it once the control schema is there; stop it before the append log and the engine are closed.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from server.access.keys import secret_key
from server.appendlog.frames import Kind
from server.appendlog.log import AppendLog
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import LakehouseError, Unavailable
from server.journal.appended import encode
from server.journal.erasing import destroy, names_of, opened
from server.journal.event import Event, microseconds
from server.journal.heads import Anchor, Head, Seal
from server.journal.sealing import Sealing, Values
from server.journal.subject_keys import SubjectKeys
from server.journal.verifying import Verdict, verify
from server.journal.writing import ELSEWHERE, Writer
from server.logs import logger

T = TypeVar("T")

STOP_S = 5.0

_log = logger("journal")


@dataclass(frozen=True)
class Appended:
    """An event from outside. values: of an entity of the dataset. occurred_at: None for now."""

    dataset: str
    values: Values
    change: str
    field: str | None
    source: str | None
    workspace: str | None
    occurred_at: datetime | None


class Journal:
    def __init__(self, engine: Engine, log: AppendLog) -> None:
        """Raises StartupError if its keys can't be read or made."""
        folder = engine.folder.keys
        self._engine, self._append_log = engine, log
        self.keys = SubjectKeys(folder)
        self.sealing = Sealing(self.keys, secret_key(folder, "journal-hmac"))
        self._seal, self._anchor = Seal(folder), Anchor(folder)
        self._writer = Writer(engine, log, self.sealing, self._seal, self._anchor)
        self._told = ""
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def open(self) -> None:
        """Begin to follow. What the process before this one left is written first."""
        try:
            self._writer.open()
        except LakehouseError as error:
            self._tell(error)
        self._thread.start()

    def append(self, actor: str, events: Sequence[Appended]) -> None:
        """Take events from outside; they survive whatever comes once this returns.

        Raises LogUnavailable, LimitExceeded if they can't be kept, InvalidArgument for one that is too large,
        Unavailable if another server keeps the journal.
        """
        if self._writer.elsewhere:
            raise Unavailable(ELSEWHERE)
        subjects = [self.sealing.subject(event.dataset, event.values.entity or "") for event in events]
        sealed = self.sealing.seal([(s, event.values) for s, event in zip(subjects, events, strict=True)])
        now = datetime.now(UTC)
        rows = [
            Event(
                event.dataset,
                subject.hex(),
                event.change,
                event.field,
                None,
                actor,
                event.source,
                event.workspace,
                microseconds(event.occurred_at or now),
                None,
                None,
                seal.key_number,
                seal.data,
            )
            for event, subject, seal in zip(events, subjects, sealed, strict=True)
        ]
        records = list(encode(rows))
        for record in records:
            self._append_log.append(Kind.JOURNAL, record, durable=record is records[-1])

    def flush(self) -> tuple[int, Head]:
        """Write what is new by now; how many events, and how far the journal is. Raises LakehouseError."""
        with self._writer.writing:
            return self._writer.catch_up(), self._writer.head()

    def drain(self) -> int:
        """Write what is new by now; the snapshot up to which commits may be expired. Raises LakehouseError."""
        return self._writer.settle().read_snapshot

    def while_still(self, work: Callable[[], T]) -> T:
        """Run work after all commits so far are in the journal, and before it reads another one."""
        with self._writer.writing:
            self._writer.catch_up()
            return work()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold the journal still: entering waits for what it is doing, and inside it has no cursor on the lake, unless
        this very thread asks for something. Events from outside are taken all the same."""
        with self._writer.writing:
            yield

    def erase(self, dataset: str, entities: Collection[str], column: str | None = None) -> int:
        """Make all values of these entities unreadable for good; how many keys that took. The chain stays whole.

        entities: their keys as text. column: which holds them; by it rows are found too that were journalled without.
        What is committed of them by now is journalled first: later it would get a new key.
        """
        return self._while_read(lambda cursor: destroy(cursor, self.sealing, dataset, entities, column))

    def readable(self, dataset: str, entities: Collection[str], column: str | None = None) -> list[int]:
        """Sequences of the dataset's events that can be opened and are of these entities, or hold one's key in the
        column. It opens every value of the dataset, about 100,000 a second."""

        def found(cursor: LakeCursor) -> list[int]:
            events = opened(cursor, self.sealing, names_of(cursor, dataset))
            return [event.sequence for event in events if event.names(column, entities)]

        return self._while_read(found)

    def holds(self, values: Collection[str]) -> list[int]:
        """Sequences of the events, of whatever dataset, that can be opened and have one of these texts in them."""
        forms = {form for text in values for form in (text, json.dumps(text, ensure_ascii=False)[1:-1])}

        def found(cursor: LakeCursor) -> list[int]:
            return [event.sequence for event in opened(cursor, self.sealing) if event.values.hold(forms)]

        return self._while_read(found)

    def verify(self) -> Verdict:
        """Nothing is journalled meanwhile."""
        with self._writer.writing:
            return verify(self._engine, self._anchor, self._seal.public_key)

    def stop(self) -> None:
        """Write what is new, as far as that takes less than STOP_S. The next start goes on with the rest."""
        if self._thread.is_alive():
            self.stop_by(time.monotonic() + STOP_S)
            self._wake.put(False)
            self._thread.join()
            self._catch_up()
        self.keys.close()

    def stop_by(self, moment: float) -> None:
        """Give up what is being written after this moment of the monotonic clock, and write no more."""
        self._writer.deadline = min(self._writer.deadline, moment)

    def _while_read(self, work: Callable[[LakeCursor], T]) -> T:
        return self.while_still(lambda: self._engine.read(work))

    def _run(self) -> None:
        self._catch_up()
        while self._awaken():
            self._catch_up()

    def _awaken(self) -> bool:
        try:
            return self._wake.get(timeout=self._engine.settings.journal_flush_s)
        except queue.Empty:
            return True

    def _catch_up(self) -> None:
        try:
            self._writer.catch_up()
            self._told = ""
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may succeed
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Once for each reason, however often it is met."""
        if str(error) != self._told:
            _log.error("the journal is behind", error=str(error), kind=type(error).__name__)
            self._told = str(error)
