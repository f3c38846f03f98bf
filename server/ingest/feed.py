"""Batches on their way from the wire to DuckDB, in two threads: a client that falls silent keeps only the thread that
reads from it, while the load, its locks and its transaction end like any statement's."""

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator

import pyarrow as pa

from server.engine.context import Context
from server.engine.translate import CANCELLED
from server.errors import Cancelled

DEPTH = 4
PROBE_S = 0.25


class Feed:
    """One thread puts, another reads. Holds DEPTH batches at most."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._queue: queue.Queue[pa.RecordBatch | BaseException | None] = queue.Queue(DEPTH)
        self._closed = threading.Event()

    def put(self, batch: pa.RecordBatch) -> bool:
        """False if nobody reads any more."""
        return self._put(batch)

    def end(self, error: BaseException | None = None) -> None:
        """There is no more; or the client's stream broke with the error, which the reader gets."""
        self._put(error)

    def close(self) -> None:
        """The reader's side is done with it."""
        self._closed.set()

    def reader(self, context: Context) -> pa.RecordBatchReader:
        """The batches as they come, until the statement of the context is ended."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches(context))

    def _batches(self, context: Context) -> Iterator[pa.RecordBatch]:
        while True:
            if context.cancelled.is_set():
                raise context.error or Cancelled(CANCELLED)
            try:
                item = self._queue.get(timeout=PROBE_S)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _put(self, item: pa.RecordBatch | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=PROBE_S)
            except queue.Full:
                continue
            return True
        return False


def fed(rows: pa.RecordBatchReader, load: Callable[[Feed], int]) -> int:
    """Run load in a thread of its own while this one reads the rows; what load returns. Raises what either raises."""
    feed = Feed(rows.schema)
    loading = _Loading(feed, load)
    loading.start()
    try:
        for batch in rows:
            if not feed.put(batch):
                break
    except BaseException as error:
        feed.end(error)
        loading.join()
        raise
    feed.end()
    return loading.result()


class _Loading(threading.Thread):
    """Sees the context variables of the thread that made it."""

    def __init__(self, feed: Feed, load: Callable[[Feed], int]) -> None:
        super().__init__(name="ingest", daemon=True)
        self._feed = feed
        self._load = load
        self._context = contextvars.copy_context()
        self._count = 0
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._count = self._context.run(self._load, self._feed)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error
        finally:
            self._feed.close()

    def result(self) -> int:
        self.join()
        if self._error is not None:
            raise self._error
        return self._count
