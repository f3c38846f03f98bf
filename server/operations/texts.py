"""Texts in the arguments of operations: what can't be seen could pass one name off as another."""

from typing import Annotated

from pydantic import AfterValidator


def one_line(text: str) -> str:
    """Raises ValueError for control characters, for those that nobody sees, and for lone surrogates."""
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    return text


def encodable(text: str) -> str:
    """Raises ValueError for lone surrogates."""
    text.encode()
    return text


def lines(text: str) -> str:
    """As `encodable`, and raises ValueError for control characters other than tabs and ends of lines."""
    if any((character < " " and character not in "\t\n\r") or "\x7f" <= character <= "\x9f" for character in text):
        raise ValueError("must hold no control characters but tabs and ends of lines")
    return encodable(text)


Line = Annotated[str, AfterValidator(one_line)]
Lines = Annotated[str, AfterValidator(lines)]
