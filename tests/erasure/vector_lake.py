"""The vector surfaces over a data folder without a server, for what no client can do.

`python -m tests.erasure.vector_lake DATA DATASET INDEX STEP` erases a dataset's documents in an index and kills itself
at that step, counted from 0: before a commit, a rename or a removal. It ends by itself if there are fewer steps.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from server.ai.registry import Providers
from server.catalog.datasets import find_dataset
from server.certificates.finding import Finding
from server.config import Settings
from server.data_folder import DataFolder
from server.engine import commits
from server.engine.engine import Engine
from server.erasing.surfaces.embeddings import Embeddings
from server.erasing.surfaces.generations import IndexGenerations
from server.erasing.traces import Traces
from server.erasure.documents import documents_of
from server.erasure.keys import KeyColumn
from server.vectors.building import IndexBuilder
from server.vectors.catalog import IndexCatalog


class Texts:
    """Looks for each text in turn."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [text.encode() for text in texts]

    def find(self, data: bytes, /) -> set[int]:
        return {number for number, text in enumerate(self._texts) if text in data}


@dataclass(frozen=True)
class Lake:
    engine: Engine
    indexes: IndexCatalog
    builder: IndexBuilder
    embeddings: Embeddings
    generations: IndexGenerations

    def traces(self, dataset: str, *keys: str, indexes: Collection[str] = ()) -> Traces:
        """Of the deleted rows of a dataset; keys: all texts to look for. indexes: only in these."""
        found = find_dataset(self.engine, dataset)
        given = Traces(dataset, KeyColumn("person", "VARCHAR"), keys, ())
        needles = Texts(given.texts())
        documents = self.engine.read(lambda c: documents_of(c, self.indexes, found, needles))
        return replace(given, documents={name: documents[name] for name in indexes or documents})

    def erase(self, traces: Traces) -> tuple[int, int]:
        """Rows of embeddings and generations that held some."""
        return self.embeddings.erase(traces), self.generations.erase(traces)

    def scan(self, traces: Traces) -> list[Finding]:
        return [self.embeddings.scan(traces), self.generations.scan(traces)]


@contextmanager
def opened(data: Path) -> Iterator[Lake]:
    """Over the folder of a server that has ended. No model is configured that could be reached."""
    folder = DataFolder(data)
    settings = Settings(
        data=data, threads=1, embedding_provider="ollama", embedding_model="none", ollama_url="http://127.0.0.1:9"
    )
    engine = Engine(settings, folder)
    try:
        indexes = IndexCatalog(engine)
        indexes.load()
        builder = IndexBuilder(engine, indexes, Providers(settings, folder))
        surfaces = Embeddings(engine, indexes, Texts), IndexGenerations(engine, indexes, builder, Texts)
        yield Lake(engine, indexes, builder, *surfaces)
    finally:
        engine.close()


def main() -> None:
    data, dataset, index, last = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    left = [last]

    def stepping(work: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return work(*arguments, **named)

        return stepped

    with opened(data) as lake:
        traces = lake.traces(dataset, indexes=[index])
        commits.commit = stepping(commits.commit)
        shutil.rmtree = stepping(shutil.rmtree)  # type: ignore[assignment]
        Path.rename = stepping(Path.rename)  # type: ignore[method-assign]
        lake.erase(traces)


if __name__ == "__main__":
    main()
