"""Make a table take the rows of a load, in the load's own transaction; or say what a person is to decide."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.errors import LakehouseError, SqlError, Unsupported
from server.evolution.diff import Column, Diff, compare
from server.evolution.looking import Statistics, columns_of, losses, samples, statistics
from server.evolution.renames import Rename, by_values, find_renames
from server.evolution.rules import Rule, asked_rules, safe_rules
from server.sql.arrow_types import arrow_type
from server.sql.letter_case import folded

SHAPE = "lakehouse_arriving_shape"
COLUMNS_ASKED_MAX = 200  # of columns that differ: more would not come back in one answer of a model


@dataclass(frozen=True)
class Arriving:
    """A load. source: what is loaded, in words. typed: its columns have types of their own, as those of a CSV or JSON
    file have not. alone: no other statement writes the table meanwhile, so that it may be altered. ask: a person is
    asked about safe changes too."""

    source: str
    typed: bool = True
    alone: bool = True
    ask: bool = False


@dataclass(frozen=True)
class Draft:
    """What would have to be done for a load to fit. table: its full name, SQL text. columns: of the table then.
    arriving: those of the new data. statistics: of those that a model may be asked about, by key."""

    table: str
    columns: tuple[Column, ...]
    arriving: tuple[Column, ...]
    rules: tuple[Rule, ...]
    source: str
    statistics: Mapping[str, Statistics] = field(default_factory=dict)

    @property
    def is_strange(self) -> bool:
        """Nothing in common with the table: no column is there already, or looks like a renamed one."""
        return sum(rule.kind == "add" for rule in self.rules) == len(self.arriving)


class TableNeeded(Exception):
    """The table has to be held alone for this load. Nothing of it has been read."""


class Unfit(Exception):
    """The rows do not go into the table without a person's word. Never leaves the server: see `Proposals`."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"{len(draft.rules)} rules")
        self.draft = draft


@contextmanager
def fitting(cursor: LakeCursor, schema: pa.Schema, stream: str, table: str, load: Arriving) -> Iterator[str]:
    """Yield what to insert from, matched by name, once the table takes it. stream: what the rows are registered as.

    Raises TableNeeded, Unfit.
    """
    try:
        there = columns_of(cursor, table)
    except SqlError:
        yield stream  # the statement that writes tells what is wrong
        return
    if _has_the_types(there, schema):
        yield stream
        return
    new = _columns_of_stream(cursor, schema)
    diff = compare(there, new)
    if diff.fits:
        yield stream
        return
    if not load.alone:
        raise TableNeeded
    with _arrived(cursor, stream, diff, load) as source:
        rules, needs_asking = _rules(cursor, source, table, diff, load)
        if needs_asking or len(diff.missing) == len(there):
            counts = {} if source == stream else statistics(cursor, source, _open_to_choice(diff))
            raise Unfit(Draft(table, tuple(there), tuple(new), tuple(rules), load.source, counts))
        for rule in rules:
            for statement in rule.statements(table):
                cursor.execute(statement)
        yield source


def _open_to_choice(diff: Diff) -> tuple[Column, ...]:
    """Columns of the new data; none where they are too many for a model, as counting them takes seconds."""
    columns = diff.added + tuple(pair.new for pair in diff.unsure)
    return columns if len(columns) <= COLUMNS_ASKED_MAX else ()


def _rules(cursor: LakeCursor, source: str, table: str, diff: Diff, load: Arriving) -> tuple[list[Rule], bool]:
    """What makes the table fit, and whether a person is to be asked."""
    renames = _renames(cursor, source, table, diff)
    unfit = losses(cursor, table, source, diff.unsure) if diff.unsure else {}
    diff = diff if load.typed else _widened_for_values(cursor, source, table, diff)
    asked, safe = asked_rules(diff, renames, unfit), safe_rules(diff, renames)
    return asked + safe, bool(asked or (load.ask and safe))


def _renames(cursor: LakeCursor, source: str, table: str, diff: Diff) -> list[Rename]:
    if not (diff.missing and diff.added):
        return []
    if not by_values(diff.missing, diff.added):
        return find_renames(diff.missing, diff.added, {}, {})
    old, new = samples(cursor, table, diff.missing), samples(cursor, source, diff.added)
    return find_renames(diff.missing, diff.added, old, new)


def _widened_for_values(cursor: LakeCursor, source: str, table: str, diff: Diff) -> Diff:
    """Types that were read off values say little: a column is widened only if it does not hold these."""
    nested = [(pair, kind) for pair, kind in diff.widened if pair.table.type.children]
    plain = [(pair, kind) for pair, kind in diff.widened if not pair.table.type.children]
    needed = losses(cursor, table, source, [pair for pair, _ in plain]) if plain else {}
    kept = [(pair, kind) for pair, kind in plain if pair.table.key in needed]
    return replace(diff, widened=tuple(nested + kept))


@contextmanager
def _arrived(cursor: LakeCursor, stream: str, diff: Diff, load: Arriving) -> Iterator[str]:
    """The rows, in a temporary table where they are looked at before they are written: a stream is read once."""
    looked_at = diff.unsure or (diff.added and diff.missing) or (diff.widened and not load.typed)
    if not looked_at:
        yield stream
        return
    name = f"temp.main.arrived_{secrets.token_hex(8)}"
    cursor.execute(f"CREATE TEMP TABLE {name.rpartition('.')[2]} AS SELECT * FROM {stream}")
    try:
        yield name
    finally:
        with contextlib.suppress(LakehouseError):  # an error has ended the transaction, and the table with it
            cursor.execute(f"DROP TABLE IF EXISTS {name}")


def _has_the_types(there: list[Column], schema: pa.Schema) -> bool:
    """Whether all columns are the table's, by name and Arrow type: the usual case, told without DuckDB."""
    types = {column.key: column.type_text for column in there}
    try:
        return all(
            folded(field.name) in types and arrow_type(types[folded(field.name)]).equals(field.type) for field in schema
        )
    except Unsupported:
        return False


def _columns_of_stream(cursor: LakeCursor, schema: pa.Schema) -> list[Column]:
    cursor.register(SHAPE, schema.empty_table())
    try:
        return columns_of(cursor, SHAPE)
    finally:
        cursor.unregister(SHAPE)
