"""Many clients with everything that clients do, failures and desertions included: does anything grow in ten minutes?

The server is one of its own, whose sessions end when idle for SESSION_IDLE_S: those of vanished clients must end too.
It keeps SNAPSHOTS_KEPT snapshots, so that the warm-up is long enough to reach their number: each costs memory.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from tests.benches.kit.context import LOG_SHOWN_CHARS, ROWS, Context
from tests.benches.kit.processes import Process
from tests.benches.kit.rows import NotRun, Row, at_most, beside
from tests.benches.kit.soak_client import Orders, Told
from tests.benches.kit.watching import Sample, Trend, Watch, can_watch
from tests.harness import PASSWORD, Server, query

WHAT = "soak"
SESSION_IDLE_S = 120
SNAPSHOTS_KEPT = 500
HEAD_START_S = 0.5
WARM_UP_SHARE = 0.5  # of the time, in which caches fill: it comes before the time that is asked for
SAMPLES = 600
LOOK_S_MIN = 0.1
NOTICED_S_MAX = 5.0
SAMPLES_KEPT = 60  # in the report
MEMORY_GROWTH_MAX = 1.05
GROWTH_MAX = 1.1  # of what is counted in dozens


def run(context: Context) -> list[Row]:
    """Raises NotRun where a process can't be watched."""
    if not can_watch():
        raise NotRun("only Linux tells what another process holds")
    seconds, rows = context.sizes.soak_s / (1 - WARM_UP_SHARE), context.sizes.rows
    flags = ["--session-idle-s-max", str(SESSION_IDLE_S), "--snapshots-kept-max", str(SNAPSHOTS_KEPT)]
    flags += ["--metrics-port", "0"]
    server = Server(context.folder / "soak", *flags)
    with server, server.connect() as connection:
        query(connection, ROWS.replace("?", str(rows)))
        query(connection, "CREATE TABLE bench_soak (client BIGINT, note VARCHAR)")
        (metrics,) = (line.split()[1] for line in server.out if line.startswith("metrics "))
        with Watch(server.pid, metrics, max(LOOK_S_MIN, seconds / SAMPLES)) as watch:
            told = _work(server, context.sizes.soak_clients, rows, seconds)
        (found,) = server.rows("SELECT count(*) AS n FROM bench_soak")[0].values()  # the connection above was idle
        running = _left_running(server)
    context.series |= _series(watch.samples)
    return [
        *_growth(watch.samples, seconds),
        *_pace(told, seconds),
        _exactly("rows found: rows acknowledged", found, sum(one.inserted for one in told), "rows"),
        _exactly("statements that still run after the end: none", running, 0, "statements"),
        _errors(told),
    ]


def _work(server: Server, clients: int, rows: int, seconds: float) -> list[Told]:
    processes = [Process("tests.benches.kit.soak_client") for _ in range(clients)]
    try:
        assert all(process.ready for process in processes)
        start_at = time.monotonic() + HEAD_START_S
        for number, process in enumerate(processes):
            process.write(Orders(server.uri, "admin", PASSWORD, rows, number, start_at, seconds).dumps())
        return [Told.loads(process.read()) for process in processes]
    except BaseException as error:
        error.add_note(f"The server's log ends so:\n{server.log.read_text()[-LOG_SHOWN_CHARS:]}")
        raise
    finally:
        for process in processes:
            process.stop()


def _left_running(server: Server) -> int:
    """Statements that hold a place when nobody is left to ask, and the server has had time to notice that."""
    deadline = time.monotonic() + NOTICED_S_MAX
    with server.operations() as operations:
        while (running := int(operations.call("health")[0]["statements_running"])) and time.monotonic() < deadline:
            time.sleep(LOOK_S_MIN)
    return running


def _growth(samples: Sequence[Sample], seconds: float) -> list[Row]:
    """What the server holds in the last quarter beside the first, the warm-up left out."""
    steady = [sample for sample in samples if WARM_UP_SHARE * seconds <= sample.at_s <= seconds]
    at_s = [sample.at_s for sample in steady]
    held: tuple[tuple[str, str, float, Callable[[Sample], float]], ...] = (
        ("resident memory", "MiB", MEMORY_GROWTH_MAX, lambda sample: sample.rss_bytes / 2**20),
        ("open file descriptors", "files", GROWTH_MAX, lambda sample: sample.descriptors),
        ("threads", "threads", GROWTH_MAX, lambda sample: sample.threads),
        ("sessions", "sessions", GROWTH_MAX, lambda sample: sample.sessions),
    )
    rows = []
    for name, unit, limit, value in held:
        trend = Trend.of(at_s, [value(sample) for sample in steady])
        note = f"{trend.slope_per_min:+.2f} a minute, at most {trend.most:,.0f}"
        rows.append(at_most(f"{name}, last quarter: first quarter", trend.last, trend.first, unit, limit, note))
    return rows


def _pace(told: Sequence[Told], seconds: float) -> list[Row]:
    """Statements a second, and the middle latency of each kind, in the last quarter beside the first."""
    actions = [action for one in told for action in one.actions]
    first_s, last_s = WARM_UP_SHARE * seconds, seconds
    quarter_s = (last_s - first_s) / 4
    first = [action for action in actions if first_s <= action[0] < first_s + quarter_s]
    last = [action for action in actions if last_s - quarter_s <= action[0] < last_s]
    what = "last quarter: first quarter"
    rows = []
    if first and last:
        note = f"{len(told)} clients, {len(actions):,} in all"
        rows.append(beside(f"all work, {what}", len(last) / quarter_s, len(first) / quarter_s, "/s", note))
    for kind, count in sorted(Counter(kind for *_, kind in actions).items()):
        took = [[took_s * 1e3 for _, took_s, name in part if name == kind] for part in (last, first)]
        if all(took):
            p99 = np.percentile(np.concatenate(took), 99)
            note = f"{count:,} in all; p99 {p99:.1f} ms"
            rows.append(beside(f"{kind}, p50, {what}", median(took[0]), median(took[1]), "ms", note))
    return rows


def _exactly(what: str, found: int, wanted: int, unit: str) -> Row:
    ratio = found / wanted if wanted else None
    return Row(what, float(found), float(wanted), unit, ratio, f"= {wanted:,}", found == wanted)


def _errors(told: Sequence[Told]) -> Row:
    """Those that nobody meant, by kind of work and code, with one message each."""
    counts: Counter[str] = Counter()
    messages: dict[str, str] = {}
    for one in told:
        counts.update(one.errors)
        messages |= one.messages
    note = "; ".join(f"{key} {count} ({messages[key]})" for key, count in counts.most_common())
    row = _exactly("errors that were not meant: none", counts.total(), 0, "errors")
    return Row(row.what, row.ours, row.reference, row.unit, None, row.target, row.met, note.replace("|", "/"))


def _series(samples: Sequence[Sample]) -> dict[str, list[float]]:
    kept = samples[:: max(1, len(samples) // SAMPLES_KEPT)]
    return {
        "at_s": [round(sample.at_s, 1) for sample in kept],
        "rss_bytes": [sample.rss_bytes for sample in kept],
        "descriptors": [sample.descriptors for sample in kept],
        "threads": [sample.threads for sample in kept],
        "sessions": [sample.sessions for sample in kept],
    }
