"""The query log where traces are on: a statement's span begins with its record."""

from collections.abc import Callable, Mapping
from typing import Any

from server.querylog import QueryLog, Record


class TracedQueryLog(QueryLog):
    """`began` is set before the first statement; it gets the columns that are known at the start.

    Its observers are told of the end alone, maybe in another thread, where nothing tells whose call it was.
    """

    began: Callable[[Mapping[str, Any]], None]

    def start(self, session_id: str, principal: str, kind: str, text: str) -> Record:
        record = super().start(session_id, principal, kind, text)
        self.began(record.row)
        return record
