"""The command group: its options, its commands, and how errors end a command."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from clients.cli.call import call, ingest, operations
from clients.cli.door import Door
from clients.cli.jobs import jobs, watch
from clients.cli.sql import sql
from clients.cli.values import printable
from clients.python import DEFAULT_URI, DEFAULT_USERNAME, DRIVER_ERRORS, LakehouseError, Tls, lakehouse_error
from clients.python.errors import UNKNOWN_CODE

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class OneLineErrors(click.Group):
    """A group whose errors are one line on stderr. Exit status: 0 done, 1 refused or failed, 2 wrong usage."""

    def main(self, *args: Any, **options: Any) -> NoReturn:
        try:
            status = super().main(*args, **{**options, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except click.ClickException as error:
            _fail(error.format_message(), error.exit_code)
        except click.Abort:
            _fail("interrupted", 1)
        except LakehouseError as error:
            _fail(_text(error), 1)
        except DRIVER_ERRORS as error:
            _fail(_text(error), 1)
        sys.exit(status if isinstance(status, int) else 0)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    plain = lakehouse_error(error)
    message = _one_line(plain.message)
    return message if plain.code == UNKNOWN_CODE else f"{message} [{plain.code}]"


def _one_line(message: str) -> str:
    # DuckDB marks the place of a syntax error by a caret on a line of its own, which one line cannot show.
    lines = (printable(line).strip() for line in message.splitlines())
    return " ".join(line for line in lines if line.strip("^"))


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"error: {_one_line(message)}", err=True)
    sys.exit(status)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--uri", default=DEFAULT_URI, show_default=True, envvar="LAKEHOUSE_URI", help="Where the server is.")
@click.option("--user", default=DEFAULT_USERNAME, show_default=True, envvar="LAKEHOUSE_USER", help="Who logs in.")
@click.option(
    "--password-file",
    type=FILE,
    help="A file that holds the password; without it LAKEHOUSE_PASSWORD, or a prompt.",
)
@click.option(
    "--token-file", type=FILE, help="A file that holds a key or a JSON Web Token; without it LAKEHOUSE_TOKEN."
)
@click.option("--tls-ca", type=FILE, help="A PEM file of the authorities to trust, instead of the system's.")
@click.option("--tls-certificate", type=FILE, help="A PEM file of the client's certificate; --user '' logs in by it.")
@click.option("--tls-key", type=FILE, help="A PEM file of its private key.")
@click.pass_context
def cli(
    context: click.Context,
    uri: str,
    user: str,
    password_file: Path | None,
    token_file: Path | None,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
) -> None:
    """Query a Lakehouse server, run its operations, load files and follow its jobs."""
    context.obj = Door(uri, user, password_file, token_file, Tls(tls_ca, tls_certificate, tls_key))


for command in (sql, call, operations, ingest, jobs, watch):
    cli.add_command(command)
