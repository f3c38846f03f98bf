"""A real S3 server of the tests' own: versitygw over a folder, on a loopback port."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.lake.ports import free_port, listens, wait_until

ACCESS_KEY, SECRET_KEY = "LAKEKEYID", "a/secret+key=of-the-lake"


def program() -> str | None:
    """The S3 server's program; None if it is not installed."""
    return os.environ.get("LAKEHOUSE_TEST_S3_SERVER") or shutil.which("versitygw")


class S3Server:
    """root: a bucket is a folder in it."""

    def __init__(self, program: str, root: Path) -> None:
        self._program = program
        self.root = root
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """Environment of a Lakehouse server that uses this one."""
        return {
            "LAKEHOUSE_S3_ENDPOINT": self.endpoint,
            "LAKEHOUSE_S3_USE_TLS": "false",
            "LAKEHOUSE_S3_ACCESS_KEY": ACCESS_KEY,
            "LAKEHOUSE_S3_SECRET_KEY": SECRET_KEY,
        }

    def start(self) -> Self:
        options = f"{self._program} --port {self.endpoint} --access {ACCESS_KEY} --secret"
        self._process = subprocess.Popen(
            [*options.split(), SECRET_KEY, "--quiet", "posix", str(self.root)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(self.port), "the S3 server did not start")
        return self

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def bucket(self, name: str) -> str:
        (self.root / name).mkdir()
        return f"s3://{name}/"
