"""CALL name(argument := value): an operation as an SQL statement."""

from typing import Any

import pyarrow as pa

from server.errors import SqlError
from server.operations.registry import Caller, Operations
from server.sql.literals import call_arguments, call_name
from server.sql.statements import Statement
from server.sql.tree import Node


def call_table(operations: Operations, caller: Caller, statement: Statement, bound: dict[str, Any]) -> pa.Table:
    """Run the operation that the statement names; its rows. bound: parameter → value."""
    name = called_operation(statement)
    operations.find(name)
    return operations.run(caller, name, call_arguments(_tree(statement), bound))


def called_operation(statement: Statement) -> str:
    return call_name(_tree(statement))


def _tree(statement: Statement) -> Node:
    if statement.tree is None:
        raise SqlError("Parser Error: CALL takes a name and its arguments")
    return statement.tree
