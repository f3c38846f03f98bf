"""CALL name(argument := value): an operation as an SQL statement."""

from typing import Any

import pyarrow as pa

from server.errors import SqlError
from server.operations.registry import Caller, Operations
from server.sql.literals import call_arguments
from server.sql.statements import Statement


def call_table(operations: Operations, caller: Caller, statement: Statement, bound: dict[str, Any]) -> pa.Table:
    """Run the operation that the statement names; its rows. bound: parameter → value."""
    if statement.tree is None:
        raise SqlError("Parser Error: CALL takes a name and its arguments")
    name, arguments = call_arguments(statement.tree, bound)
    return operations.run(caller, name, arguments)


def called_operation(statement: Statement) -> str:
    """The name in a CALL, before its parameters are bound."""
    if statement.tree is None:
        raise SqlError("Parser Error: CALL takes a name and its arguments")
    return call_arguments(statement.tree, dict.fromkeys(statement.parameters))[0]
