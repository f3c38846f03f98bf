"""Secret keys of this server: made at the first start, kept in the data folder, readable by the owner alone."""

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def secret_key(folder: Path, name: str) -> bytes:
    """The key of this name; made if it is not there. Two starts at once get the same key."""
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
    return file.read_bytes()
