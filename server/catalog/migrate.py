"""Bring the control schema up to date: numbered migrations once each, views whenever their text changed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from catalog_sql import named_queries
from server.catalog.view_order import in_order
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import LakehouseError, StartupError
from server.sql.tree import Parser

_LEDGER = named_queries("ledger.sql")


@dataclass(frozen=True)
class SqlFile:
    """version: the number in a migration's name; None for a view."""

    version: int | None
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[SqlFile]:
    return [SqlFile(int(name.split("_")[0]), name, text) for name, text in _files("migrations")]


def views() -> list[SqlFile]:
    texts = dict(_files("views"))
    return [SqlFile(None, name, texts[name]) for name in in_order(texts)]


def migrate(engine: Engine, parser: Parser, files: Sequence[SqlFile] | None = None) -> int:
    """Apply what is missing, with its rows of the ledger, in one transaction: an upgrade is whole or not at all, and a
    commit of DuckLake takes longer than most files. The number of files applied.

    Raises StartupError for a lake of a newer schema, for a migration that changed after it was applied and for a lake
    that can't be read or written.
    """
    try:
        return _migrate(engine, parser, migrations() if files is None else list(files))
    except StartupError:
        raise
    except LakehouseError as error:
        location = engine.location
        where = f"its catalog is {location.catalog}, its data {location.data_path}"
        raise StartupError(f"the lake's control schema: {location.without_secrets(str(error))} ({where})") from None


def _migrate(engine: Engine, parser: Parser, known: Sequence[SqlFile]) -> int:
    is_new = engine.read(lambda cursor: cursor.rows(_LEDGER["exists"]))[0][0] == 0
    rows = [] if is_new else engine.read(lambda cursor: cursor.rows(_LEDGER["applied"]))
    applied = {(version, name): checksum for version, name, checksum in rows}
    _check(known, {v: (name, c) for (v, name), c in applied.items() if v is not None})
    pending = [f for f in (*known, *views()) if applied.get((f.version, f.name)) != f.checksum]

    def work(cursor: LakeCursor) -> None:
        if is_new:
            _run(cursor, parser, _LEDGER["create"])
        for file in pending:
            _run(cursor, parser, file.text)
        records = [[file.version, file.name, file.checksum] for file in pending]
        cursor.execute(_LEDGER["record"], [json.dumps(records)])

    if pending:
        engine.commit(SERVER, "control schema", work)
    return len(pending)


def _check(known: Sequence[SqlFile], applied: dict[int, tuple[str, str]]) -> None:
    by_version = {file.version: file for file in known}
    newest = max((v for v in by_version if v is not None), default=0)
    for version, (name, checksum) in sorted(applied.items()):
        if version > newest:
            raise StartupError(
                f"the lake has schema version {version}, this server knows {newest}: run the newer server that made it"
            )
        if version not in by_version or by_version[version].checksum != checksum:
            raise StartupError(f"migration {name} was changed after it was applied: restore the file")


def _run(cursor: LakeCursor, parser: Parser, text: str) -> None:
    for statement in parser.statements(text):
        cursor.execute(statement.query)


def _files(folder: str) -> list[tuple[str, str]]:
    found = resources.files("catalog_sql").joinpath(folder).iterdir()
    return sorted((file.name, file.read_text(encoding="utf-8")) for file in found if file.name.endswith(".sql"))
