"""Put the whole SQL surface into DuckDB: the functions, then the macros that people call."""

from importlib import resources

from server.application import Application
from udfs import access, answers, cache, catalog, journal, lineage, search, text

FUNCTIONS = sorted(
    search.FUNCTIONS + answers.FUNCTIONS + text.FUNCTIONS + journal.FUNCTIONS + lineage.FUNCTIONS,
    key=lambda function: function.name,
)


def register(application: Application) -> None:
    """Before the control schema is migrated, since its views use these functions."""
    connection, contexts = application.engine.root, application.engine.contexts
    catalog.register(
        connection,
        application.settings,
        application.sources,
        application.operations,
        FUNCTIONS,
        application.jobs,
        application.query_log,
        application.schedules,
    )
    access.register(
        connection, application.keys, lambda: application.sessions.listed() if application.sessions is not None else []
    )
    cache.register(connection, application.cache)
    search.register(connection, contexts, application.search)
    answers.register(connection, contexts, application.rag)
    text.register(connection, contexts, application.providers, application.settings.query_chars_max)
    journal.register(connection, contexts, application.journal.sealing, application.principals)
    for file in sorted(resources.files("catalog_sql").joinpath("macros").iterdir(), key=lambda file: file.name):
        for statement in application.parser.statements(file.read_text(encoding="utf-8")):
            connection.execute(statement.query)
