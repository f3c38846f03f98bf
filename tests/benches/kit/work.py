"""What client processes are asked to do, and what they tell of it. Both travel as lines of JSON."""

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from tests.benches.kit.doors import Door, Statement

NOTE = "a note of ordinary length"


@dataclass(frozen=True)
class Work:
    """One statement, over and over. `{n}` in the text is the number of the execution: counted up from `first`, or drawn
    below `below` if that is set. parameters: how many values to bind instead, the number first, then a note."""

    text: str
    parameters: int = 0
    update: bool = False
    first: int = 0
    below: int = 0

    def statements(self) -> Iterator[Statement]:
        """Without an end."""
        drawn = (random.randrange(self.below) for _ in itertools.count())
        for number in drawn if self.below else itertools.count(self.first):
            values = (number, NOTE)[: self.parameters]
            yield Statement(self.text.replace("{n}", str(number)), values, self.update)


@dataclass(frozen=True)
class Task:
    """A door and the work to do through it, from a moment of time.monotonic() on; without work only open the door."""

    door: Door
    work: Work | None = None
    start_at: float = 0.0
    seconds: float = 0.0

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Self:
        fields = json.loads(line)
        work = fields["work"] and Work(**fields["work"])
        return cls(Door(**fields["door"]), work, fields["start_at"], fields["seconds"])


@dataclass(frozen=True)
class Done:
    """latencies_s: of each statement, in order. elapsed_s: from the common start to the end of the last one."""

    latencies_s: list[float]
    elapsed_s: float

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Self:
        return cls(**json.loads(line))
