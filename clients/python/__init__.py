"""The Python client: `connect` for SQL through ADBC, `Operations` for operations through Flight actions."""

from clients.python.connection import DEFAULT_URI, connect
from clients.python.errors import DRIVER_ERRORS, LakehouseError, lakehouse_error
from clients.python.jobs import JobProgress
from clients.python.login import DEFAULT_USERNAME, Tls, default_password, default_token
from clients.python.operations import Operation, Operations

__all__ = [
    "DEFAULT_URI",
    "DEFAULT_USERNAME",
    "DRIVER_ERRORS",
    "JobProgress",
    "LakehouseError",
    "Operation",
    "Operations",
    "Tls",
    "connect",
    "default_password",
    "default_token",
    "lakehouse_error",
]
