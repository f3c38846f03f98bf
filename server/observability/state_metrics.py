"""Gauges of the process: read when somebody scrapes, kept by nobody in between."""

from collections.abc import Iterable, Iterator

import duckdb
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.engine.engine import SERVER, Engine
from server.jobs.job import Status
from server.jobs.service import Jobs
from server.observability.lake_probe import LakeProbe
from server.version import VERSION

# Every tag that DuckDB has: about 16.
MEMORY = "SELECT tag, memory_usage_bytes, temporary_storage_bytes FROM duckdb_memory()"


def gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value)


def labelled(name: str, help_text: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    """A gauge per value of one label."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


class EngineState(Collector):
    """Statements, jobs, DuckDB's memory, and whether the lake answers."""

    def __init__(self, engine: Engine, jobs: Jobs, lake: LakeProbe) -> None:
        self._engine, self._jobs, self._lake = engine, jobs, lake

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        versions = {"version": VERSION, "duckdb_version": duckdb.__version__}
        yield InfoMetricFamily("lakehouse_build", "Versions of what runs.", versions)
        running = self._engine.running
        yield gauge("lakehouse_statements_running", "Statements that hold a place to run.", running.running)
        yield gauge("lakehouse_statements_queued", "Statements that wait for a place to run.", running.queued)
        yield self._unfinished()
        yield from self._memory()
        yield from self._lake_state()

    def _unfinished(self) -> GaugeMetricFamily:
        found = [job.status for job in self._jobs.running()]
        counts = [(status.value, found.count(status)) for status in (Status.QUEUED, Status.RUNNING)]
        return labelled("lakehouse_jobs_unfinished", "Background jobs that have not ended.", "status", counts)

    def _memory(self) -> Iterator[Metric]:
        cursor = self._engine.cursor(SERVER, None)  # without the lake, which may not answer
        try:
            rows = cursor.rows(MEMORY)
        finally:
            cursor.close()
        memory = [(str(tag).lower(), float(used)) for tag, used, _ in rows]
        yield labelled("lakehouse_duckdb_memory_bytes", "Memory that DuckDB holds, by what for.", "tag", memory)
        spilled = float(sum(row[2] for row in rows))
        yield gauge("lakehouse_duckdb_temporary_storage_bytes", "Disk space that DuckDB has spilled to.", spilled)

    def _lake_state(self) -> Iterator[Metric]:
        lake = self._lake.ask()
        yield gauge("lakehouse_lake_up", "1 if the lake's catalog answered the last time it was read.", lake.up)
        if lake.snapshot is not None and lake.read_s is not None:
            yield gauge("lakehouse_lake_snapshot", "The lake's newest snapshot: each commit is one.", lake.snapshot)
            yield gauge("lakehouse_lake_read_seconds", "Time to read the newest snapshot, last time.", lake.read_s)
