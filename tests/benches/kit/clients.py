"""Several clients at once, each a process of its own with a connection of its own: no lock of Python's is shared."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.benches.kit.doors import Door
from tests.benches.kit.processes import Process
from tests.benches.kit.timing import Measured, turns
from tests.benches.kit.work import Done, Task, Work

HEAD_START_S = 0.05  # for the tasks to reach all clients
WARM_UP_SHARE = 0.3


@dataclass(frozen=True)
class Load:
    """What clients reached together: statements a second, milliseconds of the middle and of the slowest in a hundred,
    statements done by each client."""

    rate: float
    p50_ms: float
    p99_ms: float
    done: tuple[int, ...]


@dataclass(frozen=True)
class Loads:
    """The same over all rounds."""

    rate: Measured
    p50_ms: Measured
    p99_ms: Measured

    @property
    def note(self) -> str:
        return f"p50 {self.p50_ms.median:.1f} ms, p99 {self.p99_ms.median:.1f} ms"


class Clients:
    """A pool of client processes. Those without a task wait and cost nothing."""

    def __init__(self, count: int) -> None:
        self._processes = [Process("tests.benches.kit.client_process") for _ in range(count)]
        for process in self._processes:
            assert process.ready

    def work(self, tasks: Sequence[tuple[Door, Work]], seconds: float) -> Load:
        """A task per client, begun at once, for that long. Raises RuntimeError with a client's error."""
        self._all([Task(door) for door, _ in tasks])
        start_at = time.monotonic() + HEAD_START_S
        return _together(self._all([Task(door, work, start_at, seconds) for door, work in tasks]))

    def _all(self, tasks: Sequence[Task]) -> list[Done]:
        busy = self._processes[: len(tasks)]
        for process, task in zip(busy, tasks, strict=True):
            process.write(task.dumps())
        return [Done.loads(process.read()) for process in busy]

    def close(self) -> None:
        for process in self._processes:
            process.stop()


def take_turns(variants: Mapping[str, Callable[[int, float], Load]], rounds: int, seconds: float) -> dict[str, Loads]:
    """As timing.take_turns, each turn of that many seconds. A variant is called with the number of the round, below 0
    for a short one that does not count, and with the seconds."""
    loads: dict[str, list[Load]] = {name: [] for name in variants}
    for number, name in turns(variants, rounds):
        load = variants[name](number, seconds if number >= 0 else seconds * WARM_UP_SHARE)
        if number >= 0:
            loads[name].append(load)
    return {name: _over_rounds(all_of) for name, all_of in loads.items()}


def _together(done: Sequence[Done]) -> Load:
    latencies_ms = np.concatenate([one.latencies_s for one in done]) * 1e3
    p50, p99 = np.percentile(latencies_ms, (50, 99))
    # A client's last statement ends after its time: each has a rate of its own.
    rate = sum(len(one.latencies_s) / one.elapsed_s for one in done)
    return Load(rate, float(p50), float(p99), tuple(len(one.latencies_s) for one in done))


def _over_rounds(loads: Sequence[Load]) -> Loads:
    return Loads(*(Measured.of([getattr(load, name) for load in loads]) for name in ("rate", "p50_ms", "p99_ms")))
