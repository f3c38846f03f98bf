"""Ways in to a server, written down so that a client process can open a connection of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from adbc_driver_flightsql import dbapi as flightsql

from clients.python import connect
from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.quack import QuackClient


@dataclass(frozen=True)
class Statement:
    """update: the count of its rows is all that comes back, if the door tells the difference."""

    text: str
    values: tuple[object, ...] = ()
    update: bool = False


Ask: TypeAlias = Callable[[Statement], object]


@dataclass(frozen=True)
class Door:
    """kind: of client. name and secret: '' where the server asks for none; Quack has a secret alone."""

    kind: Literal["adbc", "flight", "quack"]
    address: str
    name: str = ""
    secret: str = field(default="", repr=False)

    def open(self) -> Ask:
        """A connection: call it with a statement, and it fetches the whole result. Only ADBC binds values."""
        match self.kind:
            case "adbc":
                return self._adbc()
            case "flight":
                flight = FlightSql(self.address, Credentials(self.name, self.secret) if self.name else None)
                return lambda statement: flight.query(statement.text)
            case "quack":
                quack = QuackClient(self.address, self.secret)
                return lambda statement: quack.query(statement.text)

    def _adbc(self) -> Ask:
        """One cursor for all: a text that repeats stays prepared."""
        if self.name:
            connection = connect(self.address, self.name, self.secret)
        else:
            connection = flightsql.connect(self.address, autocommit=True)
        cursor = connection.cursor()

        def ask(statement: Statement) -> object:
            if statement.update:
                return cursor.executemany(statement.text, [statement.values])
            return cursor.execute(statement.text, statement.values).fetch_arrow_table()

        return ask
