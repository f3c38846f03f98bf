"""A server without its wire, that can be killed in the middle of an erasure.

`python -m tests.erasure.erase_lake DATA DATASET STEP` erases in the dataset and kills itself once it has done that
step, counted from 0; it prints the steps that it came by, and ends by itself if there are fewer.
"""

import os
import signal
import sys
from pathlib import Path

from server.access.principal import Principal
from server.application import Application
from server.config import Settings
from server.operations.registry import Caller
from tests.harness import PASSWORD
from udfs.register import register


def main(data: Path, dataset: str, last: int) -> None:
    application = Application.make(Settings(data=data), {})
    register(application)
    application.start(PASSWORD)
    assert application.erasing is not None
    steps: list[str] = []

    def told(step: str) -> None:
        steps.append(step)
        sys.stdout.write(f"step {step}\n")
        sys.stdout.flush()
        if len(steps) > last >= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    application.erasing.told = told
    caller = Caller(Principal("admin", frozenset({"admin"})), "test")
    try:
        application.operations.run(caller, "erase", {"dataset": dataset})
    finally:
        application.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
