"""Which columns are personal: of these a profile tells no value."""

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.profiling.table import SQL


def personal_columns(cursor: LakeCursor, dataset: Dataset) -> frozenset[str]:
    """Names, or paths, as `catalog.personal_columns` has them now, in lower case."""
    return frozenset(str(name).lower() for (name,) in cursor.rows(SQL["personal"], [dataset.name]))


def is_withheld(path: str, withheld: frozenset[str]) -> bool:
    """Whether it, or a struct that it is in, is one of these lower-case paths."""
    names = path.lower().split(".")
    return any(".".join(names[:count]) in withheld for count in range(1, len(names) + 1))
