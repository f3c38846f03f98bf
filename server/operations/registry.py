"""The registry of operations: name, argument model, result schema, permission, and the function that does the work."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from server.access.principal import Principal
from server.errors import InvalidArgument, LakehouseError, NotFound, PermissionDenied
from server.logs import logger
from server.querylog import QueryLog
from server.sql.field_metadata import annotate

NAME_CHARS_SHOWN = 120  # of names that callers made up: they go into errors and the log


class Arguments(BaseModel):
    """Base of every argument model: unknown names are errors, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Caller:
    principal: Principal
    session_id: str


A = TypeVar("A", bound=Arguments)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Operation(Generic[A]):
    """run: does the work and gives rows of `result`. permission: the role that may call it."""

    name: str
    description: str
    arguments: type[A]
    result: pa.Schema
    run: Callable[[Caller, A], Iterable[Row]]
    permission: str = "admin"

    def signature(self) -> str:
        """`name(required, optional := default)` as people read it in catalog.actions."""
        parts = []
        for name, field in self.arguments.model_fields.items():
            if field.is_required():
                parts.append(name)
            else:
                parts.append(f"{name} := {json.dumps(field.get_default(call_default_factory=True), default=str)}")
        return f"{self.name}({', '.join(parts)})"


class Operations:
    def __init__(self, query_log: QueryLog) -> None:
        self._by_name: dict[str, Operation[Any]] = {}
        self._query_log = query_log
        self._log = logger("operations")

    def add(self, *operations: Operation[Any]) -> None:
        for operation in operations:
            if operation.name in self._by_name:
                raise AssertionError(f"operation {operation.name} is registered twice")
            self._by_name[operation.name] = replace(operation, result=annotate(operation.result, None))

    def all(self) -> list[Operation[Any]]:
        return sorted(self._by_name.values(), key=lambda operation: operation.name)

    def find(self, name: str) -> Operation[Any]:
        if (operation := self._by_name.get(name.lower())) is None:
            name = name[:NAME_CHARS_SHOWN]
            near = difflib.get_close_matches(name, self._by_name, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see catalog.actions"
            raise NotFound(f"there is no operation {name}: {hint}")
        return operation

    def run(self, caller: Caller, name: str, arguments: Mapping[str, Any]) -> pa.Table:
        """Check the right and the arguments, run, record. Raises NotFound, PermissionDenied, InvalidArgument."""
        name = name[:NAME_CHARS_SHOWN]  # no operation's is as long
        text = f"{name} {self._text(name, arguments)}"
        record = self._query_log.start(caller.session_id, caller.principal.name, name.lower(), text)
        try:
            operation = self.find(name)
            if operation.permission not in caller.principal.roles:
                raise PermissionDenied(f"operation {name} needs role {operation.permission}")
            rows = list(operation.run(caller, _validated(operation, arguments)))
            table = pa.Table.from_pylist([dict(row) for row in rows], operation.result)
        except BaseException as error:
            record.end(0, 0, error)
            code = getattr(error, "code", LakehouseError.code)
            self._log.info("operation failed", operation=name, principal=caller.principal.name, code=code)
            raise
        record.end(table.num_rows, table.nbytes, None)
        self._log.info("operation", operation=name, principal=caller.principal.name, rows=table.num_rows)
        return table

    def _text(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the query log keeps an HMAC of: without secrets, or whoever holds its key could test guesses. What is no
        argument of the operation may be a secret under a name that was mistyped."""
        operation = self._by_name.get(name.lower())
        fields = operation.arguments.model_fields if operation is not None else {}
        kept = {known for known, field in fields.items() if "SecretStr" not in str(field.annotation)}
        told = {key: value for key, value in arguments.items() if key in kept}
        return json.dumps(told, sort_keys=True, default=str)


def parse_body(body: bytes) -> dict[str, Any]:
    """The arguments of a DoAction: a JSON object, or nothing."""
    if not body.strip():
        return {}
    try:
        arguments = json.loads(body)
    except (ValueError, RecursionError) as error:  # of JSON, of UTF-8, or of a number with too many digits
        raise InvalidArgument(f"the body of an action is a JSON object of its arguments: {error}") from None
    if not isinstance(arguments, dict):
        raise InvalidArgument("the body of an action is a JSON object of its arguments")
    return arguments


def _validated(operation: Operation[Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return operation.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])[:NAME_CHARS_SHOWN] or "arguments"
        reason = {"extra_forbidden": "there is no such argument", "missing": "is required"}.get(
            first["type"], first["msg"]
        )
        raise InvalidArgument(f"{operation.name}: {name}: {reason}; usage: {operation.signature()}") from None
