"""What the demo prints at its end: how other programs connect to the server that runs."""

from pathlib import Path

from rich.console import Console


def print_connect_help(console: Console, uri: str, password_file: Path) -> None:
    """Print a recipe per client. uri: grpc://HOST:PORT. The password itself is never printed, its file is."""
    address = uri.removeprefix("grpc://")
    jdbc = f"jdbc:arrow-flight-sql://{address}?useEncryption=false"
    console.rule("Connect")
    console.print(f"The server listens at {uri}; user admin, password in {password_file}", soft_wrap=True)
    for title, recipe in (
        ("Python, through ADBC", _adbc(uri, password_file)),
        ("JDBC", jdbc),
        ("DBeaver", _dbeaver(jdbc, password_file)),
        ("Command line", _command_line(uri, password_file)),
    ):
        console.print(f"\n{title}", style="bold")
        for line in recipe.splitlines():
            console.print(f"  {line}", highlight=False, soft_wrap=True)


def _adbc(uri: str, password_file: Path) -> str:
    return f"""\
from pathlib import Path
from adbc_driver_flightsql import dbapi
password = Path({str(password_file)!r}).read_text().strip()
with dbapi.connect({uri!r}, db_kwargs={{"username": "admin", "password": password}}, autocommit=True) as lake:
    with lake.cursor() as cursor:
        cursor.execute("SELECT dataset, row_count FROM catalog.datasets")
        print(cursor.fetch_arrow_table())"""


def _dbeaver(jdbc: str, password_file: Path) -> str:
    return f"""\
Driver: "Apache Arrow Flight SQL" (Database > New Database Connection; DBeaver offers to download it)
URL: {jdbc}
User name: admin; password: the content of {password_file}"""


def _command_line(uri: str, password_file: Path) -> str:
    return f"""\
.venv/bin/python -m clients.cli --uri {uri} --password-file {password_file} sql 'SHOW TABLES'
.venv/bin/python -m clients.cli --uri {uri} --password-file {password_file} --help"""
