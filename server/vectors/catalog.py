"""The indexes that exist, in memory as they are in the lake, and the generation that serves each."""

import threading
from dataclasses import dataclass, replace

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import LakehouseError, NotFound
from server.logs import logger
from server.vectors.definition import IndexDefinition
from server.vectors.generation import open_generation
from server.vectors.generation_files import (
    finished_generations,
    generation_folder,
    remove_generation,
    remove_unfinished,
)
from server.vectors.hidden import HiddenDocuments
from server.vectors.holding import generations_of
from server.vectors.serving import Serving

SQL = named_queries("queries/indexes.sql")
GENERATIONS_KEPT = 2  # the one that serves and the one before


@dataclass(frozen=True)
class Recorded:
    """The newest generation that the lake knows of, and the snapshot at which it read its dataset."""

    generation: int
    source_snapshot: int


class IndexCatalog:
    """Read whole at start; kept right by the operations of this process, and read again when a name is not known.

    Names are looked up in any case, since DuckDB would take `Kev` and `kev` for one table of embeddings.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.root = engine.folder.indexes
        self.serving = Serving()
        self.hidden = HiddenDocuments()
        self._lock = threading.Lock()  # held from a change or reading of the lake until the memory shows it
        self._definitions: dict[str, IndexDefinition] = {}
        self._recorded: dict[str, Recorded] = {}
        self._log = logger("vectors")

    def load(self) -> list[str]:
        """Read definitions and map the newest generation of each; the names of those that must be built.

        For start-up only: files that no generation needs are removed.
        """
        remove_unfinished(self.root)
        self._reload()
        for name, number, folder in finished_generations(self.root):
            recorded = self._recorded.get(name)
            if recorded is None or not recorded.generation - GENERATIONS_KEPT < number <= recorded.generation:
                remove_generation(folder)
        return [index.index_name for index in self._definitions.values() if not self._open(index.index_name)]

    def find(self, name: str) -> IndexDefinition:
        """Raises NotFound naming the indexes that exist."""
        if (definition := self.get(name)) is None:
            self._reload()
            definition = self.get(name)
        if definition is None:
            names = ", ".join(sorted(index.index_name for index in list(self._definitions.values())))
            raise NotFound(f"there is no index {name!r}; there are: {names or 'none yet, CALL create_index(...)'}")
        return definition

    def get(self, name: str) -> IndexDefinition | None:
        """The index as this process knows it."""
        return self._definitions.get(name.lower())

    def all(self) -> list[IndexDefinition]:
        """The indexes as this process knows them."""
        return list(self._definitions.values())

    def recorded(self, name: str) -> Recorded | None:
        """The newest finished generation of an index; None for one that was never built."""
        return self._recorded.get(name)

    def next_generation(self, name: str) -> int:
        """A number that no generation of this name had, those before a drop included."""
        return int(self._engine.read(lambda cursor: cursor.rows(SQL["next_generation"], [name]))[0][0])

    def define(self, definition: IndexDefinition, actor: str) -> None:
        """Store a definition; the newest one counts."""
        with self._lock:
            self._engine.commit(
                actor,
                f"index {definition.index_name}",
                lambda cursor: cursor.execute(SQL["record"], [*definition.values(), False, actor]),
            )
            self._definitions[definition.index_name.lower()] = definition

    def with_dimension(self, definition: IndexDefinition, dimension: int | None) -> IndexDefinition:
        """The definition with the dimension that its first vector has; stored if that is news."""
        if dimension == definition.dimension:
            return definition
        definition = replace(definition, dimension=dimension)
        self.define(definition, SERVER)
        return definition

    def drop(self, definition: IndexDefinition, actor: str) -> None:
        """Forget the index, its embeddings and every generation's files. Record and table go in one commit."""

        def remove(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record"], [*definition.values(), True, actor])
            cursor.execute(f"DROP TABLE IF EXISTS {definition.embeddings}")

        name = definition.index_name
        with self._lock:
            self._engine.commit(actor, f"drop index {name}", remove)
            self._definitions.pop(name.lower(), None)
            self.hidden.drop(name)
            self._recorded.pop(name, None)
        if name in self.serving.names():
            self.serving.drop(name)
        self._remove_generations(name, keep_from=None)

    def serve(self, name: str, recorded: Recorded) -> None:
        """Let a finished and recorded generation answer; older ones but the last are removed."""
        self.serving.swap(name, open_generation(generation_folder(self.root, name, recorded.generation)))
        with self._lock:
            self._recorded[name] = recorded
        self._remove_generations(name, keep_from=recorded.generation - GENERATIONS_KEPT + 1)

    def keep_only_newest(self, name: str) -> None:
        """Remove every generation of an index but the newest one that is recorded, and what was never finished."""
        recorded = self._recorded.get(name)
        for number, folder in generations_of(self.root, name).items():
            if recorded is None or number != recorded.generation:
                remove_generation(folder)
        remove_unfinished(self.root, name)

    def _reload(self) -> None:
        with self._lock:
            rows = self._engine.read(lambda cursor: cursor.rows(SQL["live"]))
            serving = self._engine.read(lambda cursor: cursor.rows(SQL["serving"]))
            self._definitions = {row[0].lower(): IndexDefinition(*row) for row in rows}
            self._recorded = {name: Recorded(number, snapshot) for name, number, snapshot in serving}

    def _open(self, name: str) -> bool:
        if (recorded := self._recorded.get(name)) is None:
            return False
        try:
            self.serving.swap(name, open_generation(generation_folder(self.root, name, recorded.generation)))
        except LakehouseError as error:
            self._log.error("generation is lost and is built again", index=name, error=str(error))
            return False
        return True

    def _remove_generations(self, name: str, keep_from: int | None) -> None:
        for number, folder in generations_of(self.root, name).items():
            if keep_from is None or number < keep_from:
                remove_generation(folder)
