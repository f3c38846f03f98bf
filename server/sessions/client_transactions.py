"""The transactions that one session's client has open: begun by an action of Flight SQL, or by BEGIN as SQL."""

import pyarrow as pa

from server.engine.engine import Engine
from server.errors import InvalidArgument, LimitExceeded, NotFound, Unsupported
from server.sessions.cursors import SessionCursors
from server.sessions.guarding import Guarding
from server.sessions.transactions import Transaction
from server.sql.statements import Statement


class ClientTransactions:
    """shared: whether several clients may call in the session; see `Session`."""

    def __init__(
        self, engine: Engine, guarding: Guarding, cursors: SessionCursors, principal: str, shared: bool
    ) -> None:
        self._engine = engine
        self._guarding = guarding
        self._cursors = cursors
        self._principal = principal
        self._shared = shared
        self._open: dict[bytes, Transaction] = {}
        self._begun = b""  # the one that BEGIN opened

    def __len__(self) -> int:
        return len(self._open)

    def holding_lake(self) -> list[Transaction]:
        """Those that keep a snapshot of the lake in use."""
        return [transaction for transaction in list(self._open.values()) if transaction.holds_lake]

    def begin(self) -> Transaction:
        if len(self._open) >= self._engine.settings.transactions_per_session_max:
            raise LimitExceeded("transactions_per_session_max", f"{len(self._open)} transactions are open")
        cursor = self._cursors.take_for_transaction()
        try:
            transaction = Transaction(cursor, self._engine.settings.result_held_bytes_max)
        except BaseException:
            self._cursors.release(cursor)
            raise
        self._open[transaction.id] = transaction
        return transaction

    def find(self, transaction_id: bytes) -> Transaction | None:
        """For b'' the one that was begun in SQL, None without one. Raises NotFound for one that is not open here."""
        if not transaction_id:
            return self._open.get(self._begun)
        if (transaction := self._open.get(transaction_id)) is None:
            raise NotFound("there is no such open transaction in this session")
        return transaction

    def meant(self, transaction_id: bytes) -> bytes:
        """The transaction meant by a client that names none, or one that has ended: the one that is open, if one is.

        ADBC leaves it out of an ingest, and runs a prepared statement again that it prepared in an earlier one.
        """
        if transaction_id in self._open:
            return transaction_id
        return next(iter(self._open)) if len(self._open) == 1 else b""

    def end(self, transaction_id: bytes, commit: bool) -> None:
        """Commit or roll back. A commit that is refused for an open result leaves the transaction open."""
        transaction = self.find(transaction_id)
        if transaction is None:
            raise InvalidArgument("a transaction is ended by its identifier")
        try:
            if commit:
                transaction.commit(self._principal, "transaction", self._engine.locks, self._guarding.version)
                self._engine.schema_changed()
            else:
                transaction.roll_back()
        except LimitExceeded:
            raise
        except BaseException:
            transaction.roll_back()  # or the cursor would go on in what has failed
            self._forget(transaction)
            raise
        self._forget(transaction)

    def run(self, statement: Statement, transaction_id: bytes) -> pa.Table:
        """BEGIN, COMMIT or ROLLBACK as a statement, for clients that have no other way to a transaction."""
        if transaction_id:
            raise InvalidArgument("this transaction was begun by an action of Flight SQL, which ends it too")
        begins = statement.tokens[0].word in ("BEGIN", "START")
        if self._begun in self._open:
            if begins:
                raise InvalidArgument("a transaction is open: COMMIT or ROLLBACK ends it")
            self.end(self._begun, statement.tokens[0].word in ("COMMIT", "END"))
        elif not begins:
            raise InvalidArgument("no transaction is open: BEGIN opens one")
        elif self._shared:
            raise InvalidArgument("a client that sends its credentials with each call has no transaction: log in first")
        elif any(token.word == "READ" for token in statement.tokens):
            raise Unsupported("transactions are READ WRITE")
        else:
            self._begun = self.begin().id
        return pa.table({})

    def close(self) -> None:
        """Roll back what is open."""
        for transaction in list(self._open.values()):
            transaction.roll_back()
            self._forget(transaction)

    def _forget(self, transaction: Transaction) -> None:
        if self._open.pop(transaction.id, None) is not None:
            self._cursors.release(transaction.cursor)
