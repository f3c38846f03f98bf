"""The result schema of a query before it runs, and the types of its parameters: planned once and kept.

ADBC and JDBC ask three times for the same thing (prepare, info, get), and planning on DuckLake takes milliseconds.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import LakehouseError, SqlError
from server.sql.column_names import may_change
from server.sql.dml_parameters import parameter, probe_query
from server.sql.field_metadata import result_schema
from server.sql.parameters import UNKNOWN, guess_types, named, with_nulls
from server.sql.statements import Statement
from server.sql.tree import Node, Parser, planning_text

KEPT_MAX = 1000
TEXT_KEPT_CHARS_MAX = 20_000


@dataclass(frozen=True)
class Described:
    """schema: of the result, empty where there is none or it is not known. parameters: DuckDB type names in binding
    order, 'NULL' where the text tells none."""

    schema: pa.Schema
    parameters: tuple[str, ...]


class Describer:
    """Asks for a cursor of the session that asks, since names resolve in its schema and temporary tables."""

    def __init__(self, engine: Engine, parser: Parser) -> None:
        self._engine = engine
        self._parser = parser
        self._kept: OrderedDict[tuple[object, ...], Described] = OrderedDict()
        self._lock = threading.Lock()

    def describe(
        self,
        statement: Statement,
        types: Mapping[str, str] | None,
        place: tuple[object, ...],
        borrow: Callable[[], AbstractContextManager[LakeCursor]],
        planned: Statement | None = None,
    ) -> Described:
        """types: parameter → DuckDB type of the bound value; None before binding. place: whatever else names depend on.
        borrow: lends a cursor of the session that asks. planned: another text with the same result, to plan instead.

        Raises SqlError with DuckDB's message and the position in the caller's text.
        """
        key = self._key(statement, types, place)
        if (known := self._known(key)) is not None:
            return known
        with borrow() as cursor:
            found = self._plan(planned or statement, cursor, types)
        self._keep(statement, key, found)
        return found

    def known(
        self, statement: Statement, types: Mapping[str, str] | None, place: tuple[object, ...]
    ) -> Described | None:
        """What `describe` has found before."""
        return self._known(self._key(statement, types, place))

    def forget(self) -> None:
        """Drop what was kept of texts."""
        with self._lock:
            self._kept.clear()

    def _key(
        self, statement: Statement, types: Mapping[str, str] | None, place: tuple[object, ...]
    ) -> tuple[object, ...]:
        return statement.text, place, self._engine.schema_epoch, tuple(sorted(types.items())) if types else None

    def _known(self, key: tuple[object, ...]) -> Described | None:
        with self._lock:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
            return found

    def parameter_types(
        self, statement: Statement, place: tuple[object, ...], borrow: Callable[[], AbstractContextManager[LakeCursor]]
    ) -> tuple[str, ...]:
        """DuckDB types of a DML statement's parameters, in binding order; 'NULL' where the text tells none."""
        key = (statement.text, place, self._engine.schema_epoch, "parameters")
        with self._lock:
            if found := self._kept.get(key):
                return found.parameters
        with borrow() as cursor:
            types = self._dml_types(statement, cursor)
        found = Described(pa.schema([]), tuple(types.get(parameter(name), UNKNOWN) for name in statement.parameters))
        self._keep(statement, key, found)
        return found.parameters

    def _dml_types(self, statement: Statement, cursor: LakeCursor) -> dict[str, str]:
        def columns(table: str) -> list[str]:
            return [str(row[0]) for row in cursor.rows(f"DESCRIBE {table}")]

        try:
            probe = probe_query(statement, columns)
            tree = self._parser.serialize(probe) if probe is not None else None
            return self._guess(tree, cursor) if tree is not None else {}
        except LakehouseError:
            return {}  # a table that is not there: the statement says so when it runs

    def _keep(self, statement: Statement, key: tuple[object, ...], found: Described) -> None:
        if len(statement.text) > TEXT_KEPT_CHARS_MAX:
            return
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)

    def _plan(self, statement: Statement, cursor: LakeCursor, types: Mapping[str, str] | None) -> Described:
        if statement.tree is None:
            raise SqlError("only a query can be described")
        if not statement.parameters:
            return Described(self._schema(statement, with_nulls(self._parser, statement.tree, {}), cursor), ())
        known = dict(types) if types else self._guess(statement.tree, cursor)
        names = tuple(known.get(name, UNKNOWN) for name in statement.parameters)
        assumed = known if types else {n: "VARCHAR" if t == UNKNOWN else t for n, t in known.items()}
        try:
            schema = self._schema(statement, with_nulls(self._parser, statement.tree, assumed), cursor)
        except LakehouseError:
            # Text does not fit where the parameter stands (`? + 1`): let DuckDB choose.
            schema = self._schema(statement, with_nulls(self._parser, statement.tree, known), cursor)
        return Described(schema, names)

    def _schema(self, statement: Statement, tree: Node, cursor: LakeCursor) -> pa.Schema:
        try:
            cursor.execute(planning_text(self._parser, tree))
            schema = result_schema(cursor.table().schema, cursor.types())
            return _renamed(schema, statement, cursor) if may_change(statement.tree) else schema
        except SqlError:
            if not statement.parameters:
                cursor.execute(statement.text)  # the same error, with the position in the caller's own text
            raise

    def _guess(self, tree: Node, cursor: LakeCursor) -> dict[str, str]:
        def column_types(probe: Node, known: dict[str, str]) -> list[str] | None:
            try:
                planned = with_nulls(self._parser, probe, known)
                rows = cursor.rows(f"DESCRIBE ({planning_text(self._parser, planned)})")
            except SqlError:
                return None
            return [str(row[1]) for row in rows]

        return guess_types(tree, column_types)


def _renamed(schema: pa.Schema, statement: Statement, cursor: LakeCursor) -> pa.Schema:
    """The schema with the names that the caller's own text gives."""
    nulls = named(statement.parameters, [None] * len(statement.parameters))
    try:
        names = [str(row[0]) for row in cursor.rows(f"DESCRIBE {statement.text}", nulls)]
    except SqlError:  # a NULL without a type does not fit where a parameter stands
        return schema
    fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
    return pa.schema(fields).with_metadata(schema.metadata)
