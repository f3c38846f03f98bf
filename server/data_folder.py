"""The data folder: where each thing lives in it, and the lock that keeps a second server out."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from server.errors import StartupError


@dataclass(frozen=True)
class DataFolder:
    root: Path

    @property
    def catalog_file(self) -> Path:
        return self.root / "catalog" / "lake.ducklake"

    @property
    def rewritten_catalog(self) -> Path:
        """Where the catalog file is written anew."""
        return self.root / "catalog" / "lake.rewritten"

    @property
    def erasures(self) -> Path:
        """What erasures that are under way look for."""
        return self.root / "erasures"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def indexes(self) -> Path:
        return self.root / "indexes"

    @property
    def temp(self) -> Path:
        return self.root / "tmp"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def lock_file(self) -> Path:
        return self.root / "server.lock"

    def make(self) -> None:
        """Create what is missing, readable by the owner alone. Raises StartupError if it can't."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            parts = (self.catalog_file.parent, self.lake, self.indexes, self.temp, self.uploads, self.models, self.log)
            for folder in (*parts, self.erasures):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.keys.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StartupError(f"data folder {self.root}: {error.strerror}") from None

    def clean(self) -> None:
        """Remove uploads and spilled data that a killed server left behind. Only the owner of the lock may."""
        for left in (self.rewritten_catalog, Path(f"{self.rewritten_catalog}.wal")):
            left.unlink(missing_ok=True)
        for folder in (self.temp, self.uploads):
            for left in folder.iterdir():
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left)
                else:
                    left.unlink()


class FolderLock:
    """An advisory lock that the kernel drops when the process ends, however it ends. The file holds the owner's pid."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: DataFolder) -> Self:
        """Lock the folder, then tidy what the last owner could not. Raises StartupError naming a living owner's pid."""
        try:
            descriptor = os.open(folder.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartupError(f"data folder {folder.root}: {folder.lock_file.name}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise StartupError(f"data folder {folder.root} is in use by the server with pid {pid}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        try:
            folder.clean()
        except OSError as error:
            os.close(descriptor)
            raise StartupError(f"data folder {folder.root}: {error.filename}: {error.strerror}") from None
        return cls(descriptor)

    def release(self) -> None:
        os.close(self._descriptor)
