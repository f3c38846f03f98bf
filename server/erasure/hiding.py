"""Keeps searches in step with tombstones: what a dataset's rows lose, the indexes over them hide before the commit."""

from collections.abc import Callable
from typing import TypeVar

from server.catalog.datasets import Dataset, checked_name, existing_dataset
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.deleted import deleted_table
from server.erasure.keys import SQL
from server.errors import LakehouseError, NotFound
from server.logs import logger
from server.sql.quoting import identifier
from server.vectors.catalog import IndexCatalog
from server.vectors.definition import IndexDefinition
from server.vectors.hidden import HiddenDocuments

T = TypeVar("T")
Found = dict[str, frozenset[str]]

_log = logger("erasure")


class Hiding:
    def __init__(self, engine: Engine, indexes: IndexCatalog, hidden: HiddenDocuments) -> None:
        self._engine = engine
        self._indexes = indexes
        self._hidden = hidden

    def load(self) -> None:
        """Hide what the lake says is taken away."""
        self._hidden.hide(self._engine.read(lambda cursor: self._find(cursor, self._indexes.all())))

    def commit(
        self, cursor: LakeCursor, dataset: Dataset, author: str, message: str, work: Callable[[LakeCursor], T]
    ) -> T:
        """Run work, which moves rows of the dataset, and commit; searches don't find them from before the commit on."""
        touched = [index for index in self._indexes.all() if self._reads(index, dataset)]

        def hiding(cursor: LakeCursor) -> T:
            result = work(cursor)
            self._hidden.hide(self._find(cursor, touched))
            return result

        try:
            return commit_on(cursor, author, message, hiding)
        except BaseException:
            self._hidden.hide(self._engine.read(lambda c: self._find(c, touched)))
            raise

    def _reads(self, index: IndexDefinition, dataset: Dataset) -> bool:
        """Whether the index may hold rows of the dataset: a view is taken to."""
        return index.dataset.lower() == dataset.name.lower() or not self._is_table(index)

    def _is_table(self, index: IndexDefinition) -> bool:
        found = existing_dataset(self._engine, *checked_name(index.dataset))
        return found is not None and found.kind == "table"

    def _find(self, cursor: LakeCursor, indexes: list[IndexDefinition]) -> Found:
        """Index name → the documents that are taken away, as the cursor sees the lake now."""
        if not indexes:
            return {}
        deleted = {str(row[0]).lower(): str(row[0]) for row in cursor.rows(SQL["deleted_tables"])}
        found: Found = {}
        for index in indexes:
            try:
                if index.dataset.lower() in deleted:
                    table = deleted_table(deleted[index.dataset.lower()])
                    rows = cursor.rows(SQL["hidden"].format(key=identifier(index.key_column), deleted=table))
                    found[index.index_name] = frozenset(str(row[0]) for row in rows)
                elif deleted and not self._is_table(index):
                    found[index.index_name] = self._gone(cursor, index)
            except LakehouseError as error:
                # Its column or its view is gone: nothing tells which of its documents may still be found.
                _log.error(
                    "an index whose source can't be read finds nothing", index=index.index_name, error=str(error)
                )
                found[index.index_name] = self._all(index)
        return found

    def _gone(self, cursor: LakeCursor, index: IndexDefinition) -> frozenset[str]:
        """Documents of the serving generation that its view does not give any more."""
        source = SQL["visible"].format(key=identifier(index.key_column), source=index.source)
        visible = set(cursor.execute(source).table().column(0).to_pylist())
        return frozenset(self._all(index) - visible)

    def _all(self, index: IndexDefinition) -> frozenset[str]:
        try:
            with self._indexes.serving.current(index.index_name) as generation:
                return frozenset(generation.documents())
        except NotFound:
            return frozenset()
