"""`sql`: run one statement and print or save its result."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
import pyarrow as pa

from clients.cli.arguments import value_of
from clients.cli.door import Door, pass_door
from clients.cli.render import render
from clients.cli.terminal import console, text_over
from clients.cli.writers import WRITERS, whole_file


@click.command()
@click.argument("statement")
@click.option("--format", "form", type=click.Choice(["table", *WRITERS]), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to stdout.")
@click.option("--param", "params", multiple=True, help="A value for the next ? of the statement; JSON, else text.")
@click.option("--rows", "rows_max", type=click.IntRange(min=1), default=40, show_default=True, help="Table rows shown.")
@pass_door
def sql(door: Door, statement: str, form: str, output: Path | None, params: tuple[str, ...], rows_max: int) -> None:
    """Run STATEMENT, or the statement on standard input when STATEMENT is '-'."""
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("parquet is binary: name a file with --output, or redirect standard output")
    text = sys.stdin.read() if statement == "-" else statement
    with door.connect() as connection, connection.cursor() as cursor:
        cursor.execute(text, tuple(value_of(param) for param in params))
        with _sink(output) as sink:
            if form == "table":
                write_table(cursor.fetch_record_batch(), sink, rows_max)
            else:
                WRITERS[form](cursor.fetch_record_batch(), sink)


@contextmanager
def _sink(output: Path | None) -> Iterator[IO[bytes]]:
    if output is not None:
        with whole_file(output) as file:
            yield file
    else:
        yield sys.stdout.buffer


def write_table(reader: pa.RecordBatchReader, sink: IO[bytes], rows_max: int) -> None:
    """Show the first rows_max rows and count the others as they pass: only what is shown is kept."""
    head: list[pa.RecordBatch] = []
    total = 0
    for batch in reader:
        if total < rows_max:
            head.append(batch.slice(0, rows_max - total))
        total += batch.num_rows
    with text_over(sink) as stream:
        render(pa.Table.from_batches(head, reader.schema), console(stream), rows_max, total)
