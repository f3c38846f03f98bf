"""The journal as the rest of the server sees it: follows the lake in the background, takes events, tells how far it is.

Open it once the control schema is there; stop it before the append log and the engine are closed.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from server.access.keys import secret_key
from server.appendlog.frames import Kind
from server.appendlog.log import AppendLog
from server.engine.engine import Engine
from server.errors import LakehouseError, Unavailable
from server.journal.appended import encode
from server.journal.event import Event, microseconds
from server.journal.heads import Anchor, Head, Seal
from server.journal.sealing import Sealing, Values
from server.journal.subject_keys import SubjectKeys
from server.journal.verifying import Verdict, verify
from server.journal.writing import ELSEWHERE, Writer
from server.logs import logger

T = TypeVar("T")

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

    def erase(self, dataset: str, entities: Sequence[str]) -> int:
        """Make all values of these entities unreadable for good; how many had some. The chain stays whole.

        What is committed of them by now is journalled first: later it would get a new key.
        """
        subjects = [self.sealing.subject(dataset, entity) for entity in entities]
        return self.while_still(lambda: self.keys.destroy(subjects))

    def verify(self) -> Verdict:
        return verify(self._engine, self._anchor, self._seal.public_key)

    def stop(self) -> None:
        """Write what is new. What can't be written is written after the next start."""
        if self._thread.is_alive():
            self._wake.put(False)
            self._thread.join()
            self._catch_up()
        self.keys.close()

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
