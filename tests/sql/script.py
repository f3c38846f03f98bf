"""The form of the .test files: blocks apart by empty lines, each an expectation, a statement and what it gives.

    statement ok                   the statement runs
    statement error                it fails; after ---- stands a part of its message, or a code such as [not_found]
    query                          it gives the rows after ----, values apart by tabs
    query rowsort                  the same in any order

A line that begins with # is a remark. ${schema}, ${import} and ${export} stand for the file's own schema and the open
folders. NULL, true and false are written so; lists, structs and maps as JSON.
"""

import json
from dataclasses import dataclass
from typing import Any

KINDS = ("statement ok", "statement error", "query", "query rowsort")
SEPARATOR = "----"


@dataclass(frozen=True)
class Block:
    """line: number of its first line. expected: the lines after the separator."""

    line: int
    kind: str
    sql: str
    expected: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """Raises ValueError naming the line of what is no block."""
    found: list[Block] = []
    pending: list[str] = []
    start = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.startswith("#"):
            continue
        if line.strip():
            start = number if not pending else start
            pending.append(line.rstrip("\n"))
        elif pending:
            found.append(_block(start, pending))
            pending = []
    return found


def _block(line: int, lines: list[str]) -> Block:
    kind, *rest = lines
    if kind not in KINDS:
        raise ValueError(f"line {line}: {kind!r} is none of {', '.join(KINDS)}")
    at = rest.index(SEPARATOR) if SEPARATOR in rest else len(rest)
    sql, expected = "\n".join(rest[:at]), tuple(rest[at + 1 :])
    if not sql or (kind == "statement error" and not expected):
        raise ValueError(f"line {line}: the block lacks its statement or what it gives")
    return Block(line, kind, sql, expected)


def shown(value: Any) -> str:
    """A value as the files write it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
