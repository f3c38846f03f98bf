"""What GetSqlInfo tells of this build and its configuration, read once when the server starts."""

import duckdb
import pyarrow as pa

from flight.sql_claims import ServerFacts
from flight.sql_words import DATETIME_FUNCTIONS, NUMERIC_FUNCTIONS, SQL_2003, STRING_FUNCTIONS, SYSTEM_FUNCTIONS
from server.engine.engine import Engine
from server.version import VERSION


def server_facts(engine: Engine) -> ServerFacts:
    settings = engine.settings
    words = engine.read(lambda cursor: cursor.rows("SELECT keyword_name FROM duckdb_keywords() ORDER BY keyword_name"))
    return ServerFacts(
        # What answers is DuckDB's SQL: packages that speak its dialect over Flight SQL look for the name here.
        version=f"duckdb v{duckdb.__version__} (lakehouse {VERSION})",
        arrow_version=pa.__version__,
        keywords=tuple(word for (word,) in words if word not in SQL_2003),
        numeric_functions=NUMERIC_FUNCTIONS,
        string_functions=STRING_FUNCTIONS,
        system_functions=SYSTEM_FUNCTIONS,
        datetime_functions=DATETIME_FUNCTIONS,
        statement_timeout_ms=int(settings.statement_s_max * 1000),
        connections_max=settings.sessions_max,
        open_statements_max=settings.prepared_max,
    )
