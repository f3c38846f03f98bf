"""The indexes that exist, in memory as they are in the lake, and the generation that serves each."""

import shutil
import threading
from pathlib import Path

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import LakehouseError, NotFound
from server.logs import logger
from server.vectors.definition import IndexDefinition
from server.vectors.generation import open_generation
from server.vectors.generation_files import generation_folder, remove_generation, remove_unfinished
from server.vectors.serving import Serving

SQL = named_queries("queries/indexes.sql")
GENERATIONS_KEPT = 2


class IndexCatalog:
    """Read whole at start; kept right by the operations of this process, and read again when a name is not known."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.root = engine.folder.indexes
        self.serving = Serving()
        self._lock = threading.Lock()
        self._definitions: dict[str, IndexDefinition] = {}
        self._generations: dict[str, int] = {}
        self._log = logger("vectors")

    def load(self) -> list[str]:
        """Read definitions and map the newest generation of each; the names of those that must be built again."""
        remove_unfinished(self.root)
        self.reload()
        return [name for name in self._definitions if not self._open(name)]

    def reload(self) -> None:
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["live"]))
        numbers = self._engine.read(lambda cursor: cursor.rows(SQL["generations"]))
        with self._lock:
            self._definitions = {row[0]: IndexDefinition(*row) for row in rows}
            self._generations = {name: int(number) for name, number in numbers}

    def find(self, name: str) -> IndexDefinition:
        """Raises NotFound naming the indexes that exist."""
        definition = self._definitions.get(name)
        if definition is None:
            self.reload()
            definition = self._definitions.get(name)
        if definition is None:
            names = ", ".join(sorted(self._definitions)) or "none yet: CALL create_index(...)"
            raise NotFound(f"there is no index {name!r}; there are: {names}")
        return definition

    def next_generation(self, name: str) -> int:
        return self._generations.get(name, 0) + 1

    def define(self, definition: IndexDefinition, actor: str) -> None:
        """Store a definition; the newest one counts."""

        def insert(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record"], [*definition.values(), False, actor])

        self._engine.commit(actor, f"index {definition.index_name}", insert)
        with self._lock:
            self._definitions[definition.index_name] = definition

    def drop(self, definition: IndexDefinition, actor: str) -> None:
        """Forget the index, its embeddings and every generation's files; tables and record go in one commit."""

        def remove(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record"], [*definition.values(), True, actor])
            cursor.execute(f"DROP TABLE IF EXISTS {definition.embeddings}")

        self._engine.commit(actor, f"drop index {definition.index_name}", remove)
        self._engine.schema_changed()
        with self._lock:
            self._definitions.pop(definition.index_name, None)
        if definition.index_name in self.serving.names():
            self.serving.drop(definition.index_name)
        self._remove_generations(definition.index_name, keep_from=1 << 31)

    def serve(self, name: str, generation: int) -> None:
        """Let a finished generation answer; older ones but the last are removed."""
        self.serving.swap(name, open_generation(generation_folder(self.root, name, generation)))
        with self._lock:
            self._generations[name] = generation
        self._remove_generations(name, keep_from=generation - GENERATIONS_KEPT + 1)

    def _open(self, name: str) -> bool:
        generation = self._generations.get(name)
        if generation is None:
            return False
        try:
            self.serving.swap(name, open_generation(generation_folder(self.root, name, generation)))
        except LakehouseError as error:
            self._log.error(
                "generation can't be opened and is built again", index=name, generation=generation, error=str(error)
            )
            return False
        return True

    def _remove_generations(self, name: str, keep_from: int) -> None:
        for number in range(1, min(keep_from, self._generations.get(name, 0) + 1)):
            folder = generation_folder(self.root, name, number)
            if folder.exists():
                remove_generation(folder)

    def discard_unrecorded(self, name: str, generation: int) -> Path:
        """Remove a folder that a crash left finished but not recorded; its place."""
        folder = generation_folder(self.root, name, generation)
        shutil.rmtree(folder, ignore_errors=True)
        return folder
