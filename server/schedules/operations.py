"""The operations create_schedule and drop_schedule."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pydantic import Field, ValidationError, field_validator

from server.engine.engine import Engine
from server.errors import AlreadyExists, Conflict, InvalidArgument, LimitExceeded, NotFound, PermissionDenied
from server.operations.registry import Arguments, Caller, Operation, Operations
from server.schedules.cron import trigger
from server.schedules.schedule import Kept, Schedule
from server.schedules.service import Schedules
from server.sql.schema import schema_of

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
ARGUMENTS_CHARS_MAX = 64 << 10
SCHEDULES_MAX = 1000
_LOCK = "catalog.schedule_events"


class ScheduleName(Arguments):
    name: str = Field(description="Name of the schedule: letters, digits and _.")

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not NAME.fullmatch(value):
            raise ValueError("letters, digits and _, at most 63, not starting with a digit")
        return value


class CreateSchedule(ScheduleName):
    cron: str = Field(description="Minute, hour, day of month, month, day of week (mon to sun), in UTC.")
    operation: str = Field(description="Operation to run; see catalog.actions.")
    arguments: dict[str, Any] = Field({}, description="Its arguments.")


CREATED = schema_of(name=pa.string(), operation=pa.string(), cron=pa.string(), principal=pa.string())
DROPPED = schema_of(name=pa.string(), status=pa.string())


class ScheduleOperations:
    def __init__(self, engine: Engine, operations: Operations, schedules: Schedules) -> None:
        self._engine = engine
        self._operations = operations
        self._schedules = schedules

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "create_schedule",
                "Run an operation again and again at the times of a cron expression, as the caller.",
                CreateSchedule,
                CREATED,
                self._create,
            ),
            Operation(
                "drop_schedule",
                "End a schedule. A run that goes on comes to its end.",
                ScheduleName,
                DROPPED,
                self._drop,
            ),
        ]

    def _create(self, caller: Caller, arguments: CreateSchedule) -> list[dict[str, Any]]:
        """Raises NotFound for the operation, InvalidArgument, PermissionDenied, AlreadyExists, LimitExceeded,
        Conflict."""
        trigger(arguments.cron)
        operation = self._operations.find(arguments.operation)
        if operation.permission not in caller.principal.roles:
            raise PermissionDenied(f"operation {operation.name} needs role {operation.permission}")
        text = _checked(operation, arguments.arguments)
        cron = " ".join(arguments.cron.split())
        schedule = Schedule(arguments.name, cron, operation.name, text, caller.principal.name)
        with self._changing():
            known = self._schedules.records.load()
            if (taken := _named(known, schedule.name)) is not None:
                raise AlreadyExists(f"schedule {taken.name!r} exists: drop it first")
            if len(known) >= SCHEDULES_MAX:
                raise LimitExceeded("SCHEDULES_MAX", f"there are {SCHEDULES_MAX} schedules")
            self._schedules.records.record(schedule, False, caller.principal.name)
            self._schedules.add(schedule)
        return [{"name": schedule.name, "operation": operation.name, "cron": cron, "principal": schedule.principal}]

    def _drop(self, caller: Caller, arguments: ScheduleName) -> list[dict[str, Any]]:
        """Raises NotFound, Conflict."""
        with self._changing():
            schedule = _named(self._schedules.records.load(), arguments.name)
            if schedule is None:
                raise NotFound(f"there is no schedule {arguments.name!r}: see catalog.schedules")
            self._schedules.records.record(schedule, True, caller.principal.name)
            self._schedules.remove(schedule)
        return [{"name": schedule.name, "status": "dropped"}]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone among those who make and drop schedules. Raises Conflict while another server does."""
        with self._engine.locks.holding(_LOCK), self._schedules.turns.held(_LOCK) as ours:
            if not ours:
                raise Conflict("another server makes or drops a schedule: try again")
            yield


def _named(known: list[Kept], name: str) -> Schedule | None:
    """In any letter case."""
    return next((kept.schedule for kept in known if kept.schedule.name.lower() == name.lower()), None)


def _checked(operation: Operation[Any], arguments: dict[str, Any]) -> str:
    """The arguments as JSON, once the operation's model has taken them. Raises InvalidArgument, too for an operation
    with a secret among its arguments, which would be kept in the lake."""
    fields = operation.arguments.model_fields
    if any("SecretStr" in str(field.annotation) for field in fields.values()):
        raise InvalidArgument(f"{operation.name} takes a secret, which a schedule can't keep")
    try:
        read = operation.arguments.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:80] or "arguments"
        raise InvalidArgument(f"arguments: {where}: {first['msg']}; usage: {operation.signature()}") from None
    text = str(read.model_dump_json(exclude_unset=True))
    if len(text) > ARGUMENTS_CHARS_MAX:
        raise LimitExceeded("ARGUMENTS_CHARS_MAX", f"the arguments are {len(text)} characters of JSON")
    return text
