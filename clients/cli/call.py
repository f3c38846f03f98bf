"""`call`, `operations` and `ingest`: the server's operations from the command line."""

import json
from pathlib import Path
from typing import Any, get_args

import click
import pyarrow as pa
from rich.table import Table

from clients.cli.arguments import arguments_of
from clients.cli.door import Door, pass_door
from clients.cli.render import render
from clients.cli.terminal import console
from clients.python.operations import FileFormat, IngestMode, Rows

_form = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.command()
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--args", "whole", metavar="JSON", help="The arguments as one JSON object.")
@_form
@pass_door
def call(door: Door, name: str, pairs: tuple[str, ...], whole: str | None, form: str) -> None:
    """Run the operation NAME. Values are read as JSON where they are JSON, else as text."""
    arguments = arguments_of(whole, pairs)
    with door.operations() as doors:
        _print_rows(doors.call(name, **arguments), form)


@click.command()
@click.argument("dataset")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "file_format", type=click.Choice(get_args(FileFormat)), help="Without it: from the name.")
@click.option("--mode", type=click.Choice(get_args(IngestMode)), help="Without it: create_append.")
@pass_door
def ingest(door: Door, dataset: str, file: Path, file_format: FileFormat | None, mode: IngestMode | None) -> None:
    """Load the local FILE into DATASET."""
    with door.operations() as doors:
        _print_rows(doors.ingest_file(dataset, file, file_format=file_format, mode=mode), "table")


@click.command()
@pass_door
def operations(door: Door) -> None:
    """List the operations that you may run."""
    with door.operations() as doors:
        listing = sorted(doors.list(), key=lambda operation: operation.name)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for operation in listing:
        grid.add_row(operation.name, operation.description)
    console().print(grid)


def _print_rows(found: Rows, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        render(table_of(found), console())


def table_of(found: Rows) -> pa.Table:
    """JSON rows as a table; a column whose values have no common type becomes JSON text."""
    names = list(dict.fromkeys(name for row in found for name in row))
    return pa.table({name: _array([row.get(name) for row in found]) for name in names})


def _array(values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else json.dumps(value, ensure_ascii=False) for value in values])
