"""Secret keys of this server: made at the first start, kept in the data folder, readable by the owner alone."""

import os
import secrets
from pathlib import Path

from server.errors import StartupError

KEY_BYTES = 32


def secret_key(folder: Path, name: str) -> bytes:
    """The key of this name; made if it is not there. Two starts at once get the same key.

    Raises StartupError for a file that is no key: one made anew would not fit what is there.
    """
    file = folder / name
    if not file.exists():
        made = folder / f"{name}.{os.getpid()}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(made, file)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise StartupError(f"{file} is no key of {KEY_BYTES} bytes: bring it back from a backup")
    return key
