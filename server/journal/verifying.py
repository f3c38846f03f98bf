"""Whether the journal is as it was written: every link, no event missing, the head signed and not behind its anchor."""

from dataclasses import dataclass
from typing import Any

from server.engine.commits import read_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.journal.chain import START, link
from server.journal.commits import SQL
from server.journal.event import events_of
from server.journal.heads import Anchor, Head, is_signed
from server.journal.writing import ELSEWHERE

READ_ROWS = 10_000


@dataclass(frozen=True)
class Verdict:
    """broken_at: sequence of the first event that is not as it was written, or of the head; problem: what is wrong."""

    event_count: int
    head_sequence: int
    broken_at: int | None = None
    problem: str | None = None


def verify(engine: Engine, anchor: Anchor, public_key: str) -> Verdict:
    """Read the whole journal at one snapshot. public_key: of this server."""
    kept = anchor.read()  # before the lake: it may only be behind
    cursor = engine.cursor(SERVER)
    try:
        return read_on(cursor, lambda c: _verify(c, kept, public_key))
    finally:
        cursor.close()


def _verify(cursor: LakeCursor, kept: tuple[int, bytes], public_key: str) -> Verdict:
    found = cursor.rows(SQL["head"])
    if len(found) != 1:
        return Verdict(0, 0, 0, f"the journal has {len(found)} heads")
    *place, key, signature = found[0]
    head = Head(*place)
    count, sequence, chain = 0, 0, START
    for batch in cursor.execute(SQL["chain"]).reader(READ_ROWS):
        numbers: list[Any] = batch.column("sequence").to_pylist()
        links = batch.column("chain").to_pylist()
        for number, event, stored in zip(numbers, events_of(batch), links, strict=True):
            if number != sequence + 1:
                return Verdict(count, head.sequence, sequence + 1, _missing(sequence, number))
            chain = link(chain, number, event)
            if chain != stored:
                return Verdict(count, head.sequence, number, "the event is not what the chain says")
            if number == kept[0] and chain != kept[1]:
                return Verdict(count, head.sequence, number, "the event is not the one that this server wrote")
            count, sequence = count + 1, number
    return Verdict(count, head.sequence, *_end(head, sequence, chain, kept, key == public_key, (key, signature)))


def _missing(before: int, following: int) -> str:
    if following <= before:
        return "an event is there twice"
    return "the event is missing" if following == before + 2 else f"events {before + 1} to {following - 1} are missing"


def _end(
    head: Head, sequence: int, chain: bytes, kept: tuple[int, bytes], own: bool, signed: tuple[str, bytes]
) -> tuple[int | None, str | None]:
    """What is wrong with the head, if anything is."""
    if sequence < kept[0]:
        return sequence + 1, f"events {sequence + 1} to {kept[0]} are missing at the end"
    if not own:
        return head.sequence, ELSEWHERE
    if not is_signed(head, signed[1], signed[0]):
        return head.sequence, "the head's signature is wrong"
    if (head.sequence, head.chain) != (sequence, chain):
        return min(head.sequence, sequence) + 1, f"the head is at event {head.sequence}, the last event is {sequence}"
    return None, None
