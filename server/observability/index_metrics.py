"""Gauges of the vector indexes that answer, read when somebody scrapes."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.errors import NotFound
from server.observability.state_metrics import gauge, labelled
from server.vectors.catalog import IndexCatalog
from server.vectors.generation_files import GenerationManifest

INDEXES_MAX = 200  # by name; each is a label of four series

Gauges = tuple[tuple[str, str, Callable[[GenerationManifest], float]], ...]
GAUGES: Gauges = (
    ("lakehouse_index_vectors", "Vectors of the generation that answers.", lambda manifest: manifest.rows),
    (
        "lakehouse_index_bytes",
        "Size of its files.",
        lambda manifest: sum(file.size_bytes for file in manifest.files.values()),
    ),
    ("lakehouse_index_generation", "Its number: it rises with each build.", lambda manifest: manifest.generation),
)


class IndexState(Collector):
    def __init__(self, indexes: IndexCatalog) -> None:
        self._indexes = indexes

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        names = self._indexes.serving.names()
        yield gauge("lakehouse_indexes_serving", "Vector indexes that answer.", len(names))
        serving = list(self._manifests(names[:INDEXES_MAX]))
        for name, help_text, value in GAUGES:
            yield labelled(name, help_text, "index", ((m.index_name, value(m)) for m in serving))
        snapshots = ((m.index_name, self._indexes.recorded(m.index_name)) for m in serving)
        yield labelled(
            "lakehouse_index_source_snapshot",
            "The lake's snapshot at which its dataset was read.",
            "index",
            ((name, recorded.source_snapshot) for name, recorded in snapshots if recorded is not None),
        )

    def _manifests(self, names: list[str]) -> Iterator[GenerationManifest]:
        for name in names:
            try:
                with self._indexes.serving.current(name) as generation:
                    yield generation.manifest
            except NotFound:
                continue  # dropped since the names were read
