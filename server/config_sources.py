"""Read settings from `lakehouse.toml`, then the environment, then flags: later ones win. Called once, at start."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from server.config import Settings, environment_name
from server.errors import StartupError

DEFAULT_FILE = Path("lakehouse.toml")


def read_settings(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, for each that was set, where from: 'file', 'environment' or 'flag'.

    file: None means `lakehouse.toml` in the working folder if it is there. Raises StartupError naming source and key.
    """
    layers = {
        "file": _from_file(file),
        "environment": _from_environment(environment),
        "flag": {k: v for k, v in flags.items() if v is not None},
    }
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers.items():
        values |= layer
        sources |= dict.fromkeys(layer, source)
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        raise StartupError(_explain(error, sources, file or DEFAULT_FILE)) from None


def _from_file(file: Path | None) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartupError(f"settings file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartupError(f"settings file {path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise StartupError(f"settings file {path}: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[key] for name in Settings.model_fields if (key := environment_name(name)) in environment}


def _explain(error: ValidationError, sources: Mapping[str, str], file: Path) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    key = str(first["loc"][0]) if first["loc"] else "?"
    where = {
        "file": f"settings file {file}, key '{key}'",
        "environment": f"environment variable {environment_name(key)}",
        "flag": f"flag --{key.replace('_', '-')}",
    }[sources.get(key, "file")]
    reason = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{where}: {reason}"
