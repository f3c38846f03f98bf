"""Keeps searches in step with tombstones: what a dataset's rows lose, the indexes over them hide before the commit."""

from collections.abc import Callable
from typing import TypeVar

from server.catalog.datasets import Dataset
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.documents import hidden_documents, may_hold
from server.jobs.job import Job
from server.vectors.catalog import IndexCatalog
from server.vectors.hidden import HiddenDocuments

T = TypeVar("T")


class Hiding:
    def __init__(self, engine: Engine, indexes: IndexCatalog, hidden: HiddenDocuments) -> None:
        self._engine = engine
        self._indexes = indexes
        self._hidden = hidden

    def load(self) -> None:
        """Hide what the lake says is taken away."""
        indexes = self._indexes
        self._hidden.hide(self._engine.read(lambda cursor: hidden_documents(cursor, indexes, indexes.all())))

    def kept_right_after(self, build: Callable[[Job], str]) -> Callable[[Job], str]:
        """The job that builds an index: what it made anew need not be hidden any more."""

        def work(job: Job) -> str:
            message = build(job)
            self.load()
            return message

        return work

    def commit(
        self, cursor: LakeCursor, dataset: Dataset, author: str, message: str, work: Callable[[LakeCursor], T]
    ) -> T:
        """Run work, which moves rows of the dataset, and commit; searches don't find them from before the commit on."""

        def hide(cursor: LakeCursor) -> None:
            touched = [index for index in self._indexes.all() if may_hold(cursor, index, dataset)]
            self._hidden.hide(hidden_documents(cursor, self._indexes, touched))

        def hiding(cursor: LakeCursor) -> T:
            result = work(cursor)
            hide(cursor)
            return result

        try:
            return commit_on(cursor, author, message, hiding)
        except BaseException:
            self._engine.read(hide)
            raise
