"""What a declared key says of the rows, counted: NULLs, duplicates, orphans. `keys.py` calls this inside its commit."""

from collections.abc import Sequence

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.errors import InvalidArgument
from server.sql.quoting import identifier, qualified

SQL = named_queries("queries/declared_keys.sql")


def check_unique(cursor: LakeCursor, dataset: Dataset, columns: Sequence[str]) -> None:
    """Raise InvalidArgument with the counts unless every row has a key, and one of its own."""
    names = [identifier(name) for name in columns]
    text = SQL["repeated"].format(
        present=" AND ".join(f"{name} IS NOT NULL" for name in names),
        key=names[0] if len(names) == 1 else f"({', '.join(names)})",
        source=_source(dataset),
    )
    [(missing, repeated)] = cursor.rows(text)
    if missing or repeated:
        raise InvalidArgument(
            f"{', '.join(columns)} is no key of {dataset.name}: "
            f"{missing} rows have NULL in it, {repeated} rows repeat another's"
        )


def check_references(
    cursor: LakeCursor, child: Dataset, columns: Sequence[str], parent: Dataset, referenced: Sequence[str]
) -> None:
    """Raise InvalidArgument with the count if rows refer to nothing. A row with NULL in the key refers to nothing
    rightly, as in SQL's MATCH SIMPLE."""
    text = SQL["orphans"].format(
        source=_source(child),
        referenced=_source(parent),
        present=" AND ".join(f"child.{identifier(name)} IS NOT NULL" for name in columns),
        matched=_matched(columns, referenced),
    )
    [(orphans,)] = cursor.rows(text)
    if orphans:
        raise InvalidArgument(
            f"{orphans} rows of {child.name} refer by {', '.join(columns)} to no row of {parent.name}"
        )


def check_comparable(
    cursor: LakeCursor, child: Dataset, columns: Sequence[str], parent: Dataset, referenced: Sequence[str]
) -> None:
    """Raise SqlError if DuckDB can't compare the columns; reads no row."""
    matched = _matched(columns, referenced)
    cursor.rows(SQL["comparable"].format(source=_source(child), referenced=_source(parent), matched=matched))


def _source(dataset: Dataset) -> str:
    return qualified("lakehouse", dataset.schema, dataset.table)


def _matched(columns: Sequence[str], referenced: Sequence[str]) -> str:
    pairs = zip(columns, referenced, strict=True)
    return " AND ".join(f"parent.{identifier(there)} = child.{identifier(here)}" for here, there in pairs)
