"""Macros that read tables of the lake: DuckDB looks for those as it makes the macro, so they follow the migrations."""

from importlib import resources

from server.engine.engine import Engine
from server.sql.tree import Parser


def create_lake_macros(engine: Engine, parser: Parser) -> None:
    """Once per start, before statements run."""
    for file in sorted(resources.files("catalog_sql").joinpath("lake_macros").iterdir(), key=lambda file: file.name):
        for statement in parser.statements(file.read_text(encoding="utf-8")):
            engine.root.execute(statement.query)
