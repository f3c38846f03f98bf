"""Timing that is fair between variants: they take turns in one run, so that a busy moment hits them all."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Measured:
    """What repetitions gave, in one unit."""

    median: float
    least: float
    most: float
    repetitions: int

    @classmethod
    def of(cls, values: list[float]) -> Self:
        return cls(median(values), min(values), max(values), len(values))

    def times(self, factor: float) -> "Measured":
        """The same in another unit."""
        return Measured(self.median * factor, self.least * factor, self.most * factor, self.repetitions)

    def per(self, amount: float) -> "Measured":
        """The rate of `amount` things that took this long: the slowest repetition gives the least."""
        return Measured(amount / self.median, amount / self.most, amount / self.least, self.repetitions)


def take_turns(
    variants: Mapping[str, Callable[[int], object]], repetitions: int, warm_up: int = 1
) -> dict[str, Measured]:
    """Seconds of each variant. Each round runs all of them, beginning with another one than the round before.

    A variant is called with the number of the repetition, below 0 while warming up. What it returns is freed after
    the clock has stopped.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for repetition, name in turns(variants, repetitions, warm_up):
        variant = variants[name]
        started = time.perf_counter()
        result = variant(repetition)
        took = time.perf_counter() - started
        del result
        if repetition >= 0:
            seconds[name].append(took)
    return {name: Measured.of(values) for name, values in seconds.items()}


def turns(names: Iterable[str], repetitions: int, warm_up: int = 1) -> Iterator[tuple[int, str]]:
    """Every name once per round, with the round's number, below 0 while warming up."""
    order = list(names)
    for repetition in range(-warm_up, repetitions):
        first = repetition % len(order)
        for name in order[first:] + order[:first]:
            yield repetition, name
