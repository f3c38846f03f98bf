"""Holds back rows of suppressed keys.

What is written into a dataset with suppressed keys goes to a temporary table first, and from there, in the same
transaction, what may pass goes into the dataset. So a row that is held back reaches no file of the lake.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.erasure.digest import KeyDigest
from server.erasure.keys import SQL, KeyColumn, columns_of
from server.errors import LakehouseError
from server.sql.quoting import identifier, qualified

Make = Callable[[str], object]


class Guard:
    """Of one dataset. table: `schema.table` in lower case. full: its full name, SQL text."""

    def __init__(self, dataset: str, column: KeyColumn, digest: KeyDigest) -> None:
        schema, _, name = dataset.rpartition(".")
        self.dataset, self.column = dataset, column
        self.table = f"{schema or 'main'}.{name}".lower()
        self.full = qualified(LAKE, schema or "main", name)
        self._digest = digest

    @contextmanager
    def passing(self, cursor: LakeCursor, actor: str, make: Make) -> Iterator[str]:
        """What may pass of the rows that `make` puts into the temporary table whose name it gets: SQL text to select
        from. What may not is counted."""
        name = f"arriving_{secrets.token_hex(8)}"
        staged = f"temp.main.{name}"
        try:
            make(staged)
            key = next((n for n, _ in columns_of(cursor, staged) if n.lower() == self.column.name.lower()), None)
            if key is None:
                yield staged
                return
            hmac, values = self._hmac(key), self._digest.values() | {"dataset": self.dataset}
            cursor.execute(SQL["held_back"].format(hmac=hmac, staged=staged), values | {"actor": actor})
            passing = f"arrived_{secrets.token_hex(8)}"
            cursor.execute(f"CREATE TEMP TABLE {passing} AS " + SQL["passing"].format(hmac=hmac, staged=staged), values)
            try:
                yield f"temp.main.{passing}"
            finally:
                _drop(cursor, f"temp.main.{passing}")
        finally:
            _drop(cursor, staged)

    def make_like(self, cursor: LakeCursor, staged: str) -> None:
        """An empty table like the dataset, its defaults included."""
        cursor.execute(f"CREATE TEMP TABLE {staged.rpartition('.')[2]} AS FROM {self.full} LIMIT 0")
        for name, _, _, _, default, _ in cursor.rows(f"DESCRIBE {self.full}"):
            if default not in (None, "NULL"):
                cursor.execute(f"ALTER TABLE {staged} ALTER COLUMN {identifier(str(name))} SET DEFAULT {default}")

    def holds_suppressed(self, cursor: LakeCursor) -> bool:
        """Whether the dataset has a row of a suppressed key, as the cursor sees it."""
        values = self._digest.values() | {"dataset": self.dataset}
        text = SQL["any_suppressed"].format(hmac=self._hmac(self.column.name), table=self.full)
        return bool(cursor.rows(text, values)[0][0])

    def _hmac(self, column: str) -> str:
        """SQL text for the digest of a row's key, whatever type it came with."""
        return self._digest.sql(f"TRY_CAST({identifier(column)} AS {self.column.type})::VARCHAR")


def _drop(cursor: LakeCursor, table: str) -> None:
    with contextlib.suppress(LakehouseError):  # an error has ended the transaction, and the table with it
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
