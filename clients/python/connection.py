"""SQL connections: ADBC's DB-API over Flight SQL."""

from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from clients.python.errors import login_errors
from clients.python.login import DEFAULT_USERNAME, Tls, choose

DEFAULT_URI = "grpc://127.0.0.1:31337"
# The driver's own 16 MiB are too few for one batch of a large table given to adbc_ingest.
MESSAGE_BYTES_OPTION = "adbc.flight.sql.client_option.with_max_msg_size"
MESSAGE_BYTES_MAX = 512 << 20


def connect(
    uri: str = DEFAULT_URI,
    username: str = DEFAULT_USERNAME,
    password: str | None = None,
    *,
    token: str | None = None,
    tls: Tls | None = None,
    **db_kwargs: str,
) -> dbapi.Connection:
    """Open an ADBC connection in autocommit mode.

    token is a key or a JSON Web Token, instead of name and password. tls goes with a `grpc+tls://` address; username ''
    leaves the login to its certificate. db_kwargs are further options of the ADBC Flight SQL driver. Raises
    LakehouseError when the server cannot be reached or refuses the login; statements on the connection raise ADBC's own
    errors, which `lakehouse_error` translates.
    """
    options = choose(username, password, token).adbc_options() | (tls or Tls()).adbc_options()
    options[MESSAGE_BYTES_OPTION] = str(MESSAGE_BYTES_MAX)
    options |= db_kwargs
    with login_errors(uri):
        return flightsql.connect(uri, db_kwargs=options, autocommit=True)
