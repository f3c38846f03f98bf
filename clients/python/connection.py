"""SQL connections: ADBC's DB-API over Flight SQL."""

import os

from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from clients.python.errors import LakehouseError, login_errors

DEFAULT_URI = "grpc://127.0.0.1:31337"
DEFAULT_USERNAME = "admin"
# The driver's own 16 MiB are too few for one batch of a large table given to adbc_ingest.
MESSAGE_BYTES_OPTION = "adbc.flight.sql.client_option.with_max_msg_size"
MESSAGE_BYTES_MAX = 512 << 20
PASSWORD_VARIABLES = ("LAKEHOUSE_PASSWORD", "LAKEHOUSE_ADMIN_PASSWORD")


def default_password() -> str | None:
    """The password from the environment, or None when no variable holds one."""
    return next((os.environ[name] for name in PASSWORD_VARIABLES if os.environ.get(name)), None)


def require_password(password: str | None) -> str:
    """The password given, else the environment's. Raises LakehouseError when there is none."""
    found = password if password is not None else default_password()
    if found is None:
        raise LakehouseError(f"no password: pass one or set {PASSWORD_VARIABLES[0]}", "unauthenticated")
    return found


def connect(
    uri: str = DEFAULT_URI, username: str = DEFAULT_USERNAME, password: str | None = None, **db_kwargs: str
) -> dbapi.Connection:
    """Open an ADBC connection in autocommit mode.

    db_kwargs are further options of the ADBC Flight SQL driver, such as those for TLS. Raises LakehouseError when the
    server cannot be reached or refuses the login; statements on the connection raise ADBC's own errors, which
    `lakehouse_error` translates.
    """
    options = {
        "username": username,
        "password": require_password(password),
        MESSAGE_BYTES_OPTION: str(MESSAGE_BYTES_MAX),
    }
    options |= db_kwargs
    with login_errors(uri):
        return flightsql.connect(uri, db_kwargs=options, autocommit=True)
