"""What a client does in the soak: one method per kind of work, each leaving nothing open that it does not mean to."""

import random
from collections.abc import Callable, Mapping

from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, connect, lakehouse_error
from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.work import NOTE

FETCH_ROWS_MAX = 100_000
# More than a client takes before it goes away.
ENDLESS = "SELECT i, hash(i) AS h FROM range(1000000000) t(i)"


class Unexpected(Exception):
    """The server answered, and not as it should have."""


class Actions:
    """One client's. rows: of table bench_rows, whose ids count up from 0. inserted: rows acknowledged."""

    def __init__(self, uri: str, name: str, password: str, rows: int, number: int) -> None:
        self._login = (uri, name, password)
        self._rows = rows
        self._number = number
        self._random = random.Random(number)
        self._connection = connect(uri, name, password)
        self._cursor = self._connection.cursor()
        self._inserting = self._connection.cursor()
        self._bare = FlightSql(uri, Credentials(name, password))
        self.inserted = 0

    def all(self) -> Mapping[Callable[[], None], int]:
        """Every action, with its share of the mix."""
        return {
            self.select_one: 30,
            self.point_query: 20,
            self.fetch: 10,
            self.insert: 10,
            self.fail: 10,
            self.cancel: 5,
            self.abandon: 5,
            self.metadata: 7,
            self.reconnect: 2,
            self.vanish: 1,
        }

    def select_one(self) -> None:
        _expect(self._query(self._cursor, "SELECT 1"), 1)

    def point_query(self) -> None:
        _expect(self._query(self._cursor, f"SELECT * FROM bench_rows WHERE id = {self._id()}"), 1)

    def fetch(self) -> None:
        count = min(FETCH_ROWS_MAX, self._rows)
        first = self._random.randrange(self._rows - count + 1)
        with self._connection.cursor() as cursor:
            text = "SELECT * FROM bench_rows WHERE id >= ? AND id < ?"
            _expect(self._query(cursor, text, (first, first + count)), count)

    def insert(self) -> None:
        self._inserting.executemany("INSERT INTO bench_soak VALUES (?, ?)", [(self._number, NOTE)])
        self.inserted += 1

    def fail(self) -> None:
        """A column that is not there, no SQL, or an error while running."""
        text = self._random.choice(("SELECT no_such_column FROM bench_rows", "SELEKT 1", "SELECT error('as asked')"))
        try:
            with self._connection.cursor() as cursor:
                self._query(cursor, text)
        except DRIVER_ERRORS as error:
            if lakehouse_error(error).code == "sql_error":
                return
            raise
        raise Unexpected(f"no error came for {text}")

    def cancel(self) -> None:
        """Stop an endless result after its first batch."""
        with self._connection.cursor() as cursor:
            cursor.execute(ENDLESS)
            reader = cursor.fetch_record_batch()
            reader.read_next_batch()
            cursor.adbc_cancel()
            reader.close()

    def abandon(self) -> None:
        """Leave an endless result after its first batch without a word."""
        self._bare.open(ENDLESS).read_chunk()

    def metadata(self) -> None:
        _expect(self._connection.adbc_get_objects(depth="all", table_name_filter="bench%").read_all().num_rows, 1)
        self._connection.adbc_get_table_schema("bench_rows")

    def reconnect(self) -> None:
        with connect(*self._login) as connection, connection.cursor() as cursor:
            _expect(self._query(cursor, "SELECT 1"), 1)

    def vanish(self) -> None:
        """The same, and the connection is gone with it; its session is left to the server."""
        uri, name, password = self._login
        FlightSql(uri, Credentials(name, password)).open(ENDLESS).read_chunk()

    def close(self) -> None:
        self._bare.close()
        self._inserting.close()
        self._cursor.close()
        self._connection.close()

    def _query(self, cursor: dbapi.Cursor, text: str, values: tuple[int, ...] = ()) -> int:
        """The number of rows."""
        rows: int = cursor.execute(text, values).fetch_arrow_table().num_rows
        return rows

    def _id(self) -> int:
        return self._random.randrange(self._rows)


def _expect(found: int, rows: int) -> None:
    if found != rows:
        raise Unexpected(f"{found} rows came, {rows} were asked for")
