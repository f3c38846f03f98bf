"""`python -m clients.demo`: start a server, load samples, give the tour, wait for Ctrl-C."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from clients.cli.terminal import console as make_console
from clients.demo.connect_help import print_connect_help
from clients.demo.folder import DemoFolder
from clients.demo.samples import build_indexes, load_samples
from clients.demo.server_process import ServerStartError, running, serve_command
from clients.demo.tour import give_tour
from clients.python import DRIVER_ERRORS, LakehouseError, Operations, connect, lakehouse_error

FULL_ACTIVITY = 10


@click.command()
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where the demo keeps its data."
)
@click.option("--port", default=31337, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--candidates", default=100_000, show_default=True, type=click.IntRange(min=1), help="People to make.")
@click.option("--resumes", default=2_000, show_default=True, type=click.IntRange(min=1), help="Resumes to index.")
@click.option("--full", is_flag=True, help=f"{FULL_ACTIVITY} times the timesheets, calls and emails.")
@click.option("--exit", "exit_after", is_flag=True, help="Stop after the tour.")
def demo(data: Path, port: int, candidates: int, resumes: int, full: bool, exit_after: bool) -> None:
    """Show what the lakehouse does, on sample data under --data."""
    # SIGTERM ends the demo as Ctrl-C does: through the context managers, which stop the server.
    signal.signal(signal.SIGTERM, _interrupt)
    console = make_console()
    sizes = {"candidates": candidates, "resumes": resumes} | ({"activity": FULL_ACTIVITY} if full else {})
    # Samples that are there stay as they are, so each size has a folder of its own.
    folder = DemoFolder(data.resolve() / ("full" if full else "default"))
    try:
        _run(console, folder, port, sizes, stay=not exit_after and sys.stdin.isatty())
    except ServerStartError as error:
        _fail(f"the server did not start; the end of {folder.log}:\n{error}")
    except LakehouseError as error:
        _fail(str(error))
    except DRIVER_ERRORS as error:
        _fail(str(lakehouse_error(error)))
    except KeyboardInterrupt:
        console.print("stopped", style="dim")


def _run(console: Console, folder: DemoFolder, port: int, sizes: Mapping[str, int], stay: bool) -> None:
    password = folder.prepare()
    command = serve_command(folder.lake, port)
    with running(command, {"LAKEHOUSE_ADMIN_PASSWORD": password}, folder.log) as uri:
        with Operations(uri, password=password) as operations, connect(uri, password=password) as connection:
            load_samples(operations, console, sizes)
            build_indexes(operations, connection, console)
            give_tour(connection, console)
        print_connect_help(console, uri, folder.password_file)
        if stay:
            console.print("\nCtrl-C stops the server.", style="dim")
            signal.pause()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(message: str) -> None:
    click.echo(f"error: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    demo()
