"""`python -m tests.benches.kit.soak_client`: one client of the soak. Reads its orders as JSON from stdin, and works
through the mix for so long; then prints what it did. An error that was not meant is counted by its code, and the work
goes on.
"""

import itertools
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Self

from clients.python import DRIVER_ERRORS, lakehouse_error
from tests.benches.kit.soak_actions import Actions, Unexpected

DECIMALS = 6
COUNTED: tuple[type[Exception], ...] = (*DRIVER_ERRORS, Unexpected)


@dataclass(frozen=True)
class Orders:
    """start_at: of time.monotonic(). rows: of table bench_rows. password: of a server that ends with the soak."""

    uri: str
    name: str
    password: str
    rows: int
    number: int
    start_at: float
    seconds: float

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Self:
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Told:
    """actions: when each ended, seconds after the start, how long it took, and what it was. errors: how many by code,
    one message for each. inserted: rows acknowledged."""

    actions: list[tuple[float, float, str]]
    errors: dict[str, int]
    messages: dict[str, str]
    inserted: int

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Self:
        return cls(**json.loads(line))


def work(orders: Orders) -> Told:
    actions = Actions(orders.uri, orders.name, orders.password, orders.rows, orders.number)
    mix, chosen = actions.all(), random.Random(orders.number)
    done: list[tuple[float, float, str]] = []
    errors: Counter[str] = Counter()
    messages: dict[str, str] = {}
    time.sleep(max(0.0, orders.start_at - time.monotonic()))
    # Each kind once, however long it takes, then as the shares have it.
    drawn = (chosen.choices(list(mix), list(mix.values()))[0] for _ in itertools.count())
    for number, action in enumerate(itertools.chain(mix, drawn)):
        if (began := time.monotonic()) >= orders.start_at + orders.seconds and number >= len(mix):
            break
        try:
            action()
        except COUNTED as error:
            code = "unexpected" if isinstance(error, Unexpected) else lakehouse_error(error).code
            key = f"{action.__name__}: {code}"
            errors[key] += 1
            messages.setdefault(key, str(error))
        ended = time.monotonic()
        done.append((round(ended - orders.start_at, DECIMALS), round(ended - began, DECIMALS), action.__name__))
    actions.close()
    return Told(done, dict(errors), messages, actions.inserted)


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    told = work(Orders.loads(sys.stdin.readline()))
    sys.stdout.write(told.dumps() + "\n")
    sys.stdout.flush()
    sys.stdin.read()
