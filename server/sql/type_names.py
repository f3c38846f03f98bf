"""Reads the type names that DuckDB prints (DESCRIBE, cursor descriptions) into a small tree, for `flight/types.py`.

A hand-written reader over characters: names inside STRUCT, UNION and ENUM are quoted as in SQL and may hold anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from server.errors import Unsupported

DEPTH_MAX = 64  # Arrow's IPC readers stop at this nesting by default: a deeper type could be sent, but not read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TypeName:
    """One type. `name` is in upper case; LIST, ARRAY and MAP have unnamed children, STRUCT and UNION named ones.

    `arguments` holds DECIMAL's precision and scale, ENUM's labels, ARRAY's size, as text. `depth` counts levels from 1.
    """

    name: str
    arguments: tuple[str, ...] = ()
    children: tuple[tuple[str, "TypeName"], ...] = ()
    depth: int = 1


def parse(text: str) -> TypeName:
    """Return the tree of one printed type.

    Raises Unsupported, naming it, if DuckDB could not have printed it or if it has more than DEPTH_MAX levels.
    """
    reader = _Reader(text)
    parsed = reader.type()
    reader.end()
    return parsed


class _Reader:
    """A position in the text, and one method for each thing that can stand there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = 0

    def type(self) -> TypeName:
        self._open += 1
        if self._open > DEPTH_MAX:
            raise self._too_deep()
        parsed = self._base()
        while self._peek("["):
            parsed = self._suffix(parsed)
        self._open -= 1
        return parsed

    def end(self) -> None:
        if self._at != len(self._text):
            raise self._refusal()

    def _base(self) -> TypeName:
        name = self._name().upper()
        while self._peek(" "):
            self._take(" ")
            name += " " + self._word().upper()
        if not self._peek("("):
            return TypeName(name)
        if name in ("STRUCT", "UNION"):
            return self._nested(name, self._bracketed(self._member))
        if name == "MAP":
            return self._nested(name, [("", child) for child in self._bracketed(self.type)])
        return TypeName(name, tuple(self._bracketed(self._argument)))

    def _suffix(self, inner: TypeName) -> TypeName:
        self._take("[")
        size = "" if self._peek("]") else self._word()
        self._take("]")
        return self._nested("ARRAY", [("", inner)], (size,)) if size else self._nested("LIST", [("", inner)])

    def _member(self) -> tuple[str, TypeName]:
        """`name TYPE`, or only `TYPE` as row() makes: of bare types, only those WITH TIME ZONE have a space inside."""
        start = self._at
        name = self._name()
        if self._peek(" ") and not self._peek(" WITH "):
            self._take(" ")
            return name, self.type()
        self._at = start
        return "", self.type()

    def _bracketed(self, item: Callable[[], T]) -> list[T]:
        self._take("(")
        items = [item()]
        while not self._peek(")"):
            self._take(",")
            if self._peek(" "):  # DECIMAL(18,3) is printed without, all others with a space
                self._take(" ")
            items.append(item())
        self._take(")")
        return items

    def _argument(self) -> str:
        return self._quoted("'") if self._peek("'") else self._word()

    def _name(self) -> str:
        return self._quoted('"') if self._peek('"') else self._word()

    def _quoted(self, quote: str) -> str:
        """The text between two quotes, in which a doubled quote stands for one."""
        parts = []
        while True:
            self._take(quote)
            end = self._text.find(quote, self._at)
            if end < 0:
                raise self._refusal()
            parts.append(self._text[self._at : end])
            self._at = end + 1
            if not self._peek(quote):
                return quote.join(parts)

    def _word(self) -> str:
        start = self._at
        while self._at < len(self._text) and (self._text[self._at].isalnum() or self._text[self._at] in "_$"):
            self._at += 1
        if self._at == start:
            raise self._refusal()
        return self._text[start : self._at]

    def _nested(self, name: str, children: list[tuple[str, TypeName]], arguments: tuple[str, ...] = ()) -> TypeName:
        depth = 1 + max(child.depth for _, child in children)
        if depth > DEPTH_MAX:
            raise self._too_deep()
        return TypeName(name, arguments, tuple(children), depth)

    def _peek(self, expected: str) -> bool:
        return self._text.startswith(expected, self._at)

    def _take(self, expected: str) -> None:
        if not self._peek(expected):
            raise self._refusal()
        self._at += len(expected)

    def _refusal(self) -> Unsupported:
        return Unsupported(f"type {self._text[:80]!r} can't be read: at character {self._at + 1} it is no DuckDB type")

    def _too_deep(self) -> Unsupported:
        return Unsupported(f"type {self._text[:80]!r} is nested deeper than {DEPTH_MAX} levels")
