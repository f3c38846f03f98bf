"""`jobs` and `watch`: what runs in the background on the server."""

import click

from clients.cli.door import Door, pass_door
from clients.cli.progress import follow
from clients.cli.render import render
from clients.cli.terminal import console
from clients.python import LakehouseError
from clients.python.jobs import JOB_COLUMNS

_LATEST = f"SELECT {JOB_COLUMNS} FROM catalog.jobs ORDER BY started_at DESC NULLS FIRST LIMIT 40"


@click.command()
@pass_door
def jobs(door: Door) -> None:
    """List the latest jobs."""
    with door.connect() as connection, connection.cursor() as cursor:
        cursor.execute(_LATEST)
        render(cursor.fetch_arrow_table(), console())


@click.command()
@click.argument("job_id")
@click.option("--poll", "poll_s", type=click.FloatRange(min=0.05), default=0.5, show_default=True, help="Seconds.")
@pass_door
def watch(door: Door, job_id: str, poll_s: float) -> None:
    """Follow the job JOB_ID until it ends; exit status 1 unless it succeeded."""
    with door.operations() as operations:
        last = follow(operations.watch(job_id, poll_s), console())
    if not last.succeeded:
        raise LakehouseError(f"job '{job_id}' {last.status}: {last.message or 'no message'}")
