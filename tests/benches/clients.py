"""Statements a second of 1, 4 and 16 clients at once, beside Quack, Sail and a Flight server that does nothing.

Every client is a process with one connection and one cursor, and sends its next statement when the last is answered.
"""

from collections.abc import Callable

from tests.benches.kit.clients import Load, Loads, take_turns
from tests.benches.kit.context import Context
from tests.benches.kit.doors import Door
from tests.benches.kit.processes import Process
from tests.benches.kit.rows import NotRun, Row, beside, not_run
from tests.benches.kit.work import Work
from tests.harness import PASSWORD

WHAT = "1 to 16 clients at once, beside Quack, Sail and a bare Flight server"
SELECT = "SELECT 1"
LOOKUP = "SELECT id, account, amount FROM {table} WHERE id = "
ADBC, BOUND, FLIGHT, QUACK, SAIL, BARE = (
    "ADBC",
    "ADBC bound",
    "pyarrow.flight",
    "Quack",
    "Sail",
    "bare pyarrow.flight server",
)
# Ours beside which reference. Sail is asked by ADBC, the bare server by pyarrow.flight.
SELECT_PAIRS = ((ADBC, QUACK), (ADBC, SAIL), (FLIGHT, QUACK), (FLIGHT, BARE))
LOOKUP_PAIRS = ((ADBC, QUACK), (ADBC, SAIL), (BOUND, QUACK), (FLIGHT, QUACK))


def run(context: Context) -> list[Row]:
    echo = Process("tests.benches.kit.echo_server")
    try:
        doors, missing = _doors(context, echo)
        selects = {name: Work(SELECT) for name in doors if name != BOUND}
        lookups = {name: _lookup(context, name) for name in doors if name != BARE}
        found: list[Row] = []
        for count in context.sizes.clients:
            for what, works, pairs in (("select 1", selects, SELECT_PAIRS), ("point lookup", lookups, LOOKUP_PAIRS)):
                loads = _measured(context, doors, works, count)
                found += _rows(f"{what}, {_clients(count)}", pairs, loads, missing)
        return found
    finally:
        echo.stop()


def _lookup(context: Context, name: str) -> Work:
    """Of one row by its number, written into the text, so that each text is a new one, or bound."""
    table = f"'{context.rows_file}'" if name == QUACK else "bench_rows"
    text = LOOKUP.replace("{table}", table)
    if name == BOUND:
        return Work(f"{text}?", parameters=1, below=context.sizes.rows)
    return Work(f"{text}{{n}}", below=context.sizes.rows)


def _doors(context: Context, echo: Process) -> tuple[dict[str, Door], dict[str, NotRun]]:
    """The doors that there are, and why there are no others."""
    uri = context.server.uri
    doors = {
        ADBC: Door("adbc", uri, "admin", PASSWORD),
        BOUND: Door("adbc", uri, "admin", PASSWORD),
        FLIGHT: Door("flight", uri, "admin", PASSWORD),
        BARE: Door("flight", echo.ready),
    }
    missing: dict[str, NotRun] = {}
    references: dict[str, Callable[[], Door]] = {
        QUACK: lambda: Door("quack", context.quack.address, secret=context.quack.token),
        SAIL: lambda: Door("adbc", context.sail.address),
    }
    for name, door in references.items():
        try:
            doors[name] = door()
        except NotRun as error:
            missing[name] = error
    return doors, missing


def _measured(context: Context, doors: dict[str, Door], works: dict[str, Work], count: int) -> dict[str, Loads]:
    def variant(name: str) -> Callable[[int, float], Load]:
        return lambda _, seconds: context.clients.work([(doors[name], works[name])] * count, seconds)

    variants = {name: variant(name) for name in works if name in doors}
    return take_turns(variants, context.sizes.rounds, context.sizes.round_s)


def _rows(
    what: str, pairs: tuple[tuple[str, str], ...], loads: dict[str, Loads], missing: dict[str, NotRun]
) -> list[Row]:
    rows: list[Row] = []
    for ours, reference in pairs:
        name = f"{what}, {ours}: {reference}"
        if reference in missing:
            rows.append(not_run(name, missing[reference]))
            continue
        note = f"{loads[ours].note}; reference {loads[reference].note}"
        rows.append(beside(name, loads[ours].rate, loads[reference].rate, "statements/s", note))
    return rows


def _clients(count: int) -> str:
    return f"{count} client{'s' if count > 1 else ''}"
