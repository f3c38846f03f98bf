"""How fast an erasure looks for many values in bytes, beside Python's search for ten of them, one after the other."""

import numpy as np

from server.scanning.needles import Needles
from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, beside
from tests.benches.kit.timing import take_turns

WHAT = "looking for values in files"
REPETITIONS = 3
SEARCHED = 10  # values that bytes.find looks for
PLANTED_EVERY = 3
MB = 1e6


def run(context: Context) -> list[Row]:
    """Random bytes, as a compressed file has them, with some of the first values planted in them."""
    values = [f"person{number}@example.org" for number in range(max(context.sizes.needles))]
    planted = set(range(0, min(context.sizes.needles), PLANTED_EVERY))
    held = np.random.default_rng(1).integers(0, 256, context.sizes.scanned_bytes, np.uint8)
    for number in planted:
        value = np.frombuffer(values[number].encode(), np.uint8)
        held[number * 1000 + 1 :][: len(value)] = value
    data = held.tobytes()
    needles = {str(count): Needles.of(values[:count]) for count in context.sizes.needles}
    for sought in needles.values():
        assert sought.find(data) == planted
    variants = {count: lambda _, sought=sought: sought.find(data) for count, sought in needles.items()}
    ten = [value.encode() for value in values[:SEARCHED]]
    took = take_turns(variants | {"find": lambda _: [data.find(value) for value in ten]}, REPETITIONS, warm_up=0)
    rate = {name: one.per(len(data) / MB) for name, one in took.items()}
    what = f"look for {{:,}} values in {len(data) / MB:.0f} MB: bytes.find of {SEARCHED}"
    return [beside(what.format(int(count)), rate[count], rate["find"], "MB/s") for count in needles]
