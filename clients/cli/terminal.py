"""The consoles that commands print to."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console

# Without a terminal nobody has said how wide a line may be; rich would take 80.
PIPED_WIDTH = 160


def console(stream: IO[str] | None = None) -> Console:
    """A console on `stream`, or on stdout: as wide as the terminal, or COLUMNS, or PIPED_WIDTH."""
    target = sys.stdout if stream is None else stream
    wide = None if target.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(file=target, width=wide, emoji=False, markup=False)


@contextmanager
def text_over(sink: IO[bytes]) -> Iterator[IO[str]]:
    """UTF-8 text over a binary stream, which stays open."""
    if sink is sys.stdout.buffer:
        yield sys.stdout
        return
    stream = io.TextIOWrapper(sink, encoding="utf-8")
    try:
        yield stream
    finally:
        stream.detach()
