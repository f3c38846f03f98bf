"""What a result of each principal may hold: the settings, unless set_limits says otherwise for that principal."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from catalog_sql import named_queries
from server.engine.engine import Engine
from server.engine.results import ResultLimits
from server.errors import NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

_SQL = named_queries("queries/limits.sql")
RESULT = schema_of(principal=pa.string(), result_rows_max=pa.int64(), result_bytes_max=pa.int64())


class SetLimits(Arguments):
    principal: str = Field(description="Principal whose results are limited.")
    result_rows_max: int | None = Field(None, ge=0, description="Rows of one result; 0 for no limit, NULL as settings.")
    result_bytes_max: int | None = Field(
        None, ge=0, description="Bytes of one result; 0 for no limit, NULL as settings."
    )


class PrincipalLimits:
    """Kept in memory, since every query asks; read from the lake at the start."""

    def __init__(self, engine: Engine) -> None:
        settings = engine.settings
        self._engine = engine
        self._default = ResultLimits(settings.result_rows_max, settings.result_bytes_max)
        self._own: dict[str, ResultLimits] = {}

    def load(self) -> None:
        for name, rows_max, bytes_max in self._engine.read(lambda cursor: cursor.rows(_SQL["latest"])):
            self._own[name] = self._limits(rows_max, bytes_max)

    def of(self, principal: str) -> ResultLimits:
        return self._own.get(principal, self._default)

    def operation(self) -> Operation[SetLimits]:
        return Operation(
            "set_limits", "Limit the rows and bytes of a principal's results.", SetLimits, RESULT, self._set
        )

    def _set(self, caller: Caller, given: SetLimits) -> list[dict[str, Any]]:
        """Counts from the principal's next statement on. Raises NotFound."""
        if not self._engine.read(lambda cursor: cursor.rows(_SQL["principal"], [given.principal])):
            raise NotFound(f"there is no principal {given.principal!r}: see catalog.principals")
        row = [given.principal, given.result_rows_max, given.result_bytes_max, caller.principal.name]
        self._engine.commit(
            caller.principal.name, f"limits of {given.principal}", lambda cursor: cursor.execute(_SQL["record"], row)
        )
        limits = self._limits(given.result_rows_max, given.result_bytes_max)
        self._own[given.principal] = limits
        return [
            {
                "principal": given.principal,
                "result_rows_max": limits.rows_max,
                "result_bytes_max": limits.bytes_max,
            }
        ]

    def _limits(self, rows_max: int | None, bytes_max: int | None) -> ResultLimits:
        return ResultLimits(
            self._default.rows_max if rows_max is None else rows_max,
            self._default.bytes_max if bytes_max is None else bytes_max,
        )
