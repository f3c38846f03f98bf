"""SET, RESET and USE: what a statement may change of its own session."""

from dataclasses import dataclass

import pyarrow as pa

from server.engine.location import LAKE
from server.errors import InvalidArgument, PermissionDenied
from server.sessions.execution import Execution
from server.sessions.options import Options
from server.sql.statements import Statement
from server.sql.tokens import Token


@dataclass(frozen=True)
class Setting:
    """value: None resets."""

    name: str
    value: str | None


def apply_setting(options: Options, execution: Execution, statement: Statement) -> pa.Table:
    """Apply SET name = value, RESET name or USE name; an empty table. Raises PermissionDenied for what is no option."""
    setting = _setting(statement.tokens)
    if setting is None or setting.name.lower() not in options.names():
        raise PermissionDenied(f"a session may set: search_path, {', '.join(options.names())}")
    options.find(setting.name).write(execution, setting.value)
    return pa.table({})


def _setting(tokens: tuple[Token, ...]) -> Setting | None:
    words = [token.text for token in tokens]
    upper = [token.word for token in tokens]
    if len(upper) > 1 and upper[1] in ("SESSION", "LOCAL"):
        del words[1], upper[1]
    match upper:
        case ["USE", *_] if len(words) in (2, 4):
            return Setting("schema", _schema(words[1::2]))
        case ["SET", "TIME", "ZONE", _]:
            return Setting("timezone", words[3])
        case ["RESET", _]:
            return Setting(_standard(words[1]), None)
        case ["SET", _, _, value] if upper[2] == "TO" or words[2] == "=":
            return _assigned(_standard(words[1]), None if value == "DEFAULT" else words[3])
    return None


def _assigned(name: str, value: str | None) -> Setting:
    return Setting(name, _schema(_path(value)) if name == "schema" and value is not None else value)


def _standard(name: str) -> str:
    return "schema" if name.lower() == "search_path" else name


def _schema(names: list[str]) -> str:
    """['lakehouse'], ['lakehouse', 'main'] or ['main']."""
    if len(names) > 2 or (len(names) == 2 and names[0].lower() != LAKE):
        raise InvalidArgument(f"schemas are in catalog {LAKE}: SET schema = 'main'")
    return "main" if [name.lower() for name in names] == [LAKE] else names[-1]


def _path(value: str) -> list[str]:
    """The parts of the first place in a search path such as 'lakehouse.main,memory.main'."""
    return [name.strip().strip('"') for name in value.split(",")[0].split(".")]
