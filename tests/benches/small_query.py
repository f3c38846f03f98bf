"""The time of the smallest query, one client, beside Quack's.

ADBC prepares a text that its cursor has not just run: a new cursor costs prepare, info, get and close, a cursor that
repeats its text info and get. Quack's connection is kept open, and one request answers a query.
"""

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most, beside
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "small query by ADBC, beside Quack"
SELECT = "SELECT 1"


def run(context: Context) -> list[Row]:
    """Raises NotRun without Quack."""
    quack, connection, flight = context.quack, context.connection, context.flight
    with connection.cursor() as kept:
        variants = {
            "new cursor": lambda _: query(connection, SELECT),
            "one cursor": lambda _: kept.execute(SELECT).fetch_arrow_table(),
            "bare": lambda _: flight.query(SELECT),
            "Quack": lambda _: quack.query(SELECT),
        }
        took = {name: one.times(1e3) for name, one in take_turns(variants, context.sizes.calls, warm_up=20).items()}
    reference = took["Quack"]
    return [
        at_most("select 1, ADBC, a new cursor each time (4 calls): Quack", took["new cursor"], reference, "ms", 1.0),
        at_most("select 1, ADBC, the same cursor (2 calls): Quack", took["one cursor"], reference, "ms", 1.0),
        beside("select 1, pyarrow.flight (2 calls): Quack", took["bare"], reference, "ms"),
    ]
