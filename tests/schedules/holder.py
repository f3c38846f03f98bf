"""A client in a process of its own that holds table t until its server ends: `python -m tests.schedules.holder URI`."""

import os
import sys

from clients.python import DRIVER_ERRORS, connect
from tests.crash.client import tell_parent
from tests.harness import PASSWORD, query

ENDLESS = "UPDATE t SET id = (SELECT count(*) FROM range(10000000) a, range(10000000) b)"


def main() -> None:
    try:
        connection = connect(sys.argv[1], "admin", PASSWORD)
        tell_parent("ready")
        query(connection, ENDLESS)
    except DRIVER_ERRORS:
        os._exit(0)  # closing a connection to a dead server takes the driver long


if __name__ == "__main__":
    main()
