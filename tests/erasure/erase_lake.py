"""A server without its wire, that can be ended or run out of disk space in the middle of an erasure.

`python -m tests.erasure.erase_lake DATA DATASET STEP [full] [cascade]` erases in the dataset, or in derived tables too,
and kills itself once it has done that step, counted from 0, or from then on can write no file any more; it prints the
steps that it came by, and ends by itself if there are fewer. Its status is FAILED if the erasure failed.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from server.access.principal import Principal
from server.application import Application
from server.config import Settings
from server.errors import LakehouseError
from server.operations.registry import Caller
from tests.harness import PASSWORD
from udfs.register import register

FAILED = 3
FULL_BYTES = 4096


def main(data: Path, dataset: str, last: int, full: bool, cascade: bool) -> None:
    application = Application.make(Settings(data=data), {})
    register(application)
    application.start(PASSWORD)
    assert application.erasing is not None
    steps: list[str] = []

    def told(step: str) -> None:
        steps.append(step)
        sys.stdout.write(f"step {step}\n")
        sys.stdout.flush()
        if len(steps) - 1 == last and full:
            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        elif len(steps) - 1 == last:
            os.kill(os.getpid(), signal.SIGKILL)

    application.erasing.told = told
    caller = Caller(Principal("admin", frozenset({"admin"})), "test")
    try:
        application.operations.run(caller, "erase", {"dataset": dataset, "cascade": cascade})
    except LakehouseError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(FAILED)
    application.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "full" in sys.argv[4:], "cascade" in sys.argv[4:])
