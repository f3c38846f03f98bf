"""Values given as words on the command line."""

import json
from collections.abc import Sequence
from typing import Any

import click


def value_of(word: str) -> Any:
    """The word read as JSON when it is JSON, else the text itself: 5 is a number, '"5"' and five are texts."""
    try:
        return json.loads(word)
    except json.JSONDecodeError:
        return word


def arguments_of(whole: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """An operation's arguments from one JSON object and from key=value words, which win.

    Raises click.UsageError when one of them cannot be read.
    """
    arguments = {} if whole is None else value_of(whole)
    if not isinstance(arguments, dict):
        raise click.UsageError("--args takes a JSON object")
    for pair in pairs:
        name, equals, word = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"'{pair}' is not of the form key=value")
        arguments[name] = value_of(word)
    return arguments
