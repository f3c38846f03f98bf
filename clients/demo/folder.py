"""The demo's folder: the lake, the admin's password and the server's log, readable by its owner only."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DemoFolder:
    """Paths under the folder given by --data."""

    root: Path

    @property
    def lake(self) -> Path:
        return self.root / "lakehouse"

    @property
    def password_file(self) -> Path:
        return self.root / "admin-password"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    def prepare(self) -> str:
        """Make the folder (0700) and the password file (0600) unless they exist; returns the password."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self.password_file.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            password = secrets.token_urlsafe()
            file.write(password + "\n")
        return password
