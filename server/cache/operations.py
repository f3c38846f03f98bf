"""The operations cache_pin and cache_evict."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from server.cache.service import HotCache
from server.catalog.datasets import checked_name, find_dataset
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of


class CachePin(Arguments):
    dataset: str = Field(description="Dataset to keep in memory: a table, schema-qualified outside main.")


class CacheEvict(Arguments):
    dataset: str = Field(description="Dataset to keep in memory no more.")


PINNED = schema_of(dataset=pa.string(), row_count=pa.int64(), bytes=pa.int64(), evicted=pa.list_(pa.string()))
EVICTED = schema_of(dataset=pa.string(), bytes=pa.int64())


class CacheOperations:
    def __init__(self, engine: Engine, cache: HotCache) -> None:
        self._engine = engine
        self._cache = cache

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "cache_pin",
                "Keep a copy of a dataset in memory, from which queries are answered while it equals the lake.",
                CachePin,
                PINNED,
                self._pin,
            ),
            Operation("cache_evict", "Keep a dataset in memory no more.", CacheEvict, EVICTED, self._evict),
        ]

    def _pin(self, caller: Caller, arguments: CachePin) -> list[dict[str, Any]]:
        """The datasets that gave way are told too. Raises InvalidArgument for a view."""
        dataset = find_dataset(self._engine, arguments.dataset)
        if dataset.kind != "table":
            raise InvalidArgument(f"{dataset.name} is a {dataset.kind}: pin the tables that it reads")
        pin, evicted = self._cache.pin(dataset, caller.principal.name)
        rows, size = (pin.copy.row_count, pin.copy.byte_count) if pin.copy else (None, 0)
        return [{"dataset": dataset.name, "row_count": rows, "bytes": size, "evicted": evicted}]

    def _evict(self, caller: Caller, arguments: CacheEvict) -> list[dict[str, Any]]:
        """The dataset itself may be gone. Raises NotFound for one that is not pinned."""
        freed = self._cache.evict(*checked_name(arguments.dataset), caller.principal.name)
        if freed is None:
            raise NotFound(f"dataset {arguments.dataset!r} is not pinned: see catalog.cache")
        return [{"dataset": arguments.dataset, "bytes": freed}]
