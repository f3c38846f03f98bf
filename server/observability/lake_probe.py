"""Whether the lake answers: its newest snapshot, read when somebody asks and never waited for long."""

import threading
import time
from dataclasses import dataclass, replace

from server.engine.engine import Engine
from server.errors import LakehouseError
from server.logs import logger

FRESH_S = 1.0  # an answer is given again for so long: asking often costs the lake nothing
WAIT_S = 2.0
SNAPSHOT = "SELECT id FROM lakehouse.current_snapshot()"


@dataclass(frozen=True)
class LakeState:
    """up: it answered the last time it was asked. snapshot, read_s (seconds): of its last answer; None before."""

    up: bool = False
    snapshot: int | None = None
    read_s: float | None = None
    answered_at: float = float("-inf")


class LakeProbe:
    """One reading at a time, in a thread of its own: a catalog that hangs (Postgres behind a broken network) holds up
    nobody who asks, and those who ask meanwhile start no further reading."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._log = logger("lake")
        self._state = LakeState()
        self._changed = threading.Condition()
        self._reading: threading.Thread | None = None
        self._stopped = False

    def ask(self) -> LakeState:
        """The state now, or what is known of it if the lake does not answer within WAIT_S."""
        with self._changed:
            before = self._state
            if time.monotonic() - before.answered_at < FRESH_S:
                return before
            if self._stopped:
                return replace(before, up=False)
            if self._reading is None:
                self._reading = threading.Thread(target=self._read, name="lake-probe", daemon=True)
                self._reading.start()
            if self._changed.wait_for(lambda: self._state is not before, WAIT_S):
                return self._state
            return replace(before, up=False)

    def stop(self) -> None:
        """Read no more; wait for a reading in progress, but not for one that hangs."""
        with self._changed:
            self._stopped = True
            reading = self._reading
        if reading is not None:
            reading.join(WAIT_S)

    def _read(self) -> None:
        began = time.monotonic()
        state = replace(self._state, up=False)
        try:
            snapshot = int(self._engine.read(lambda cursor: cursor.rows(SNAPSHOT))[0][0])
            now = time.monotonic()
            state = LakeState(True, snapshot, now - began, now)
        except LakehouseError as error:
            self._log.warning("the lake does not answer", error=self._engine.location.without_secrets(str(error)))
        finally:
            with self._changed:
                self._state = replace(state, answered_at=time.monotonic())
                self._reading = None
                self._changed.notify_all()
