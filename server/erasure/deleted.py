"""The table that holds a dataset's rows from their tombstone to their erasure, and the view of both together."""

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.erasure.keys import columns_of, table_of
from server.errors import InvalidArgument, SqlError
from server.gate.rules import RESERVED_PREFIX
from server.sql.quoting import identifier, qualified

MARK = "__deleted"


def deleted_table(dataset_name: str) -> str:
    """Its full name, SQL text."""
    return qualified(LAKE, "deleted", dataset_name)


def raw_view(dataset: Dataset) -> str:
    """The full name of the view that administrators read both by, SQL text."""
    return qualified(LAKE, dataset.schema, RESERVED_PREFIX + dataset.table)


def make_ready(cursor: LakeCursor, dataset: Dataset) -> bool:
    """Make the table, or give it what columns the dataset has got since; whether anything was to be done.

    Raises InvalidArgument for a column whose new type the old rows don't fit.
    """
    into = deleted_table(dataset.name)
    wanted = columns_of(cursor, table_of(dataset))
    try:
        known = dict(columns_of(cursor, into))
    except SqlError:
        cursor.execute(f"CREATE TABLE {into} AS FROM {table_of(dataset)} LIMIT 0")
        cursor.execute(_view(dataset))
        return True
    changes = [(name, kind) for name, kind in wanted if known.get(name) != kind]
    for name, kind in changes:
        try:
            if name in known:
                cursor.execute(f"ALTER TABLE {into} ALTER COLUMN {identifier(name)} SET DATA TYPE {kind}")
            else:
                cursor.execute(f"ALTER TABLE {into} ADD COLUMN {identifier(name)} {kind}")
        except SqlError:
            raise InvalidArgument(
                f"column {name} of {dataset.name} is {kind} now, and {known.get(name)} in rows that wait for their "
                "erasure: erase them, or restore them under the old type"
            ) from None
    return bool(changes)


def shared_columns(cursor: LakeCursor, dataset: Dataset) -> str:
    """The columns that both have, SQL text: what a row keeps on its way back."""
    there = {name for name, _ in columns_of(cursor, table_of(dataset))}
    both = [identifier(name) for name, _ in columns_of(cursor, deleted_table(dataset.name)) if name in there]
    return ", ".join(both)


def _view(dataset: Dataset) -> str:
    """Its rows and the taken away ones, told apart by a last column."""
    return (
        f"CREATE OR REPLACE VIEW {raw_view(dataset)} AS SELECT *, false AS {MARK} FROM {table_of(dataset)} "
        f"UNION ALL BY NAME SELECT *, true AS {MARK} FROM {deleted_table(dataset.name)}"
    )
