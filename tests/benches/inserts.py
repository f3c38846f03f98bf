"""Rows a second of 1 and of 8 clients that insert single rows, each row committed when it is answered.

A commit to the lake takes the time of several writes to disk however few rows it holds, so what 8 clients gain over one
is what the server makes of commits that come at once. Every round writes to a table of its own, and every row that was
acknowledged is looked for afterwards.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from tests.benches.kit.clients import Load, Loads, take_turns
from tests.benches.kit.context import Context
from tests.benches.kit.doors import Door
from tests.benches.kit.rows import NotRun, Row, beside, not_run, rate_of
from tests.benches.kit.work import NOTE, Work
from tests.harness import PASSWORD, query

WHAT = "single-row inserts, 8 clients beside one"
TIMES_MIN = 5.0
APART = 1_000_000_000  # numbers of one client's rows are this far from the next one's

Ask = Callable[[str], pa.Table]


def run(context: Context) -> list[Row]:
    many = context.sizes.writers
    one_name = [Door("adbc", context.server.uri, "admin", PASSWORD)] * many
    ours = Inserting(context, "INSERT INTO {table} VALUES (?, ?)", lambda text: query(context.connection, text))
    variants = {
        "one": ours.by(one_name[:1]),
        "many": ours.by(one_name),
        "many names": ours.by(_doors_of_principals(context, many)),
    }
    missing: NotRun | None = None
    try:
        quack = context.quack_on_disk
        door = Door("quack", quack.address, secret=quack.token)
        theirs = Inserting(context, f"INSERT INTO {{table}} VALUES ({{n}}, '{NOTE}')", quack.query)
        variants |= {"Quack, one": theirs.by([door]), "Quack, many": theirs.by([door] * many)}
    except NotRun as error:
        missing = error
    return _rows(take_turns(variants, context.sizes.rounds, context.sizes.round_s), many, missing)


def _doors_of_principals(context: Context, count: int) -> list[Door]:
    """Each for a principal of its own."""
    names = [f"bench_writer_{number}" for number in range(count)]
    with context.server.operations() as operations:
        for name in names:
            operations.call("create_principal", name=name, password=PASSWORD, roles=["admin"])
    return [Door("adbc", context.server.uri, name, PASSWORD) for name in names]


def _rows(loads: Mapping[str, Loads], many: int, missing: NotRun | None) -> list[Row]:
    what, one = "insert single rows, ADBC", loads["one"]
    rows = []
    for name, mine in (
        (f"{many} clients", loads["many"]),
        (f"{many} clients of {many} principals", loads["many names"]),
    ):
        rows.append(rate_of(f"{what}, {name}: one client", mine.rate, one.rate, "rows/s", TIMES_MIN, _note(mine, one)))
    if missing is not None:
        return [*rows, not_run(f"{what}: Quack", missing)]
    for count, mine, other in ((1, one, loads["Quack, one"]), (many, loads["many"], loads["Quack, many"])):
        name = f"{what}, {count} at once: Quack into a DuckDB file"
        rows.append(beside(name, mine.rate, other.rate, "rows/s", _note(mine, other)))
    return rows


class Inserting:
    """Rounds of one server. text: with {table}; ask: to make tables and to look into them."""

    def __init__(self, context: Context, text: str, ask: Ask) -> None:
        self._context, self._text, self._ask = context, text, ask
        self._tables = 0

    def by(self, doors: Sequence[Door]) -> Callable[[int, float], Load]:
        """doors: one per client."""
        return lambda _, seconds: self._round(doors, seconds)

    def _round(self, doors: Sequence[Door], seconds: float) -> Load:
        self._tables += 1
        table = f"bench_inserts_{self._tables}"
        self._ask(f"CREATE TABLE {table} (id BIGINT, note VARCHAR)")
        text = self._text.replace("{table}", table)
        works = [Work(text, text.count("?"), update=True, first=number * APART) for number in range(len(doors))]
        load = self._context.clients.work(list(zip(doors, works, strict=True)), seconds)
        check(table, self._ask(f"SELECT id FROM {table}")["id"].to_pylist(), works, load)
        return load


def check(table: str, found: Sequence[int | None], works: Sequence[Work], load: Load) -> None:
    """Raises AssertionError unless exactly the rows that were acknowledged are there. found: numbers, in any order."""
    told = {work.first + n for work, done in zip(works, load.done, strict=True) for n in range(done)}
    if Counter(found) != Counter(told):
        missing, surplus = len(told - set(found)), len(found) - len(told & set(found))
        raise AssertionError(f"{table}: {missing} acknowledged rows are missing, {surplus} are there too many")


def _note(ours: Loads, reference: Loads) -> str:
    return f"{ours.note}; reference {reference.note}"
