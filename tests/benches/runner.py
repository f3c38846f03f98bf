"""Runs benches one after the other and gathers their rows."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from tests.benches import (
    catalog_queries,
    clients,
    compaction,
    embedding,
    erasing,
    fetch,
    fetch_quack,
    hnsw,
    inserts,
    journal,
    lineage,
    pii,
    pinned,
    profiling,
    sail,
    scanning,
    server_cpu,
    small_query,
    soak,
    tombstones,
    vector_search,
)
from tests.benches.kit.context import Context, Sizes
from tests.benches.kit.machine import Machine
from tests.benches.kit.report import Report, now
from tests.benches.kit.rows import NotRun, Row, not_run

BENCHES: dict[str, ModuleType] = {
    bench.__name__.rpartition(".")[2]: bench
    for bench in (
        fetch,
        fetch_quack,
        small_query,
        sail,
        server_cpu,
        clients,
        vector_search,
        hnsw,
        embedding,
        inserts,
        journal,
        lineage,
        pii,
        pinned,
        tombstones,
        erasing,
        compaction,
        scanning,
        profiling,
        catalog_queries,
    )
}

# What takes long has a report of its own, and runs when it is named.
LONG: dict[str, ModuleType] = {"soak": soak}


def measure(names: Sequence[str], sizes: Sizes, started: Callable[[str], None]) -> Report:
    """Run the named benches against one server. started: told of each bench as it begins."""
    measured_at, machine = now(), Machine.here()
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder, Context(Path(folder), sizes) as context:
        rows = [(name, row) for name in names for row in _rows(name, context, started)]
    return Report(measured_at, machine, rows, context.series)


def _rows(name: str, context: Context, started: Callable[[str], None]) -> Iterator[Row]:
    bench = (BENCHES | LONG)[name]
    started(bench.WHAT)
    try:
        yield from bench.run(context)
    except NotRun as error:
        yield not_run(bench.WHAT, error)
