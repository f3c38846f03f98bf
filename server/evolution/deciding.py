"""One decision about a proposed migration, in one commit while its table is held."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.catalog.datasets import dataset_name
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.location import LAKE
from server.engine.running import client_gone
from server.errors import InvalidArgument, NotFound
from server.evolution.effect import loses_more, with_effect
from server.evolution.looking import columns_of
from server.evolution.recording import SQL, digest_of, rules_of_json
from server.evolution.rules import Rule
from server.sql.letter_case import folded
from server.sql.quoting import qualified


@dataclass(frozen=True)
class Decision:
    """The proposal as the deciding transaction finds it, and the table under the name that it has now.

    proposed_for: the dataset's name then.
    """

    proposal_id: str
    table_id: int
    status: str
    columns_sha256: str
    statements: list[str]
    rules: list[Rule]
    proposed_for: str
    schema: str
    table: str

    @property
    def dataset(self) -> str:
        return dataset_name(self.schema, self.table)

    @property
    def full(self) -> str:
        """Its full name, SQL text."""
        return qualified(LAKE, self.schema, self.table)

    @property
    def renames(self) -> list[tuple[str, str]]:
        return [(rule.column, rule.new_name) for rule in self.rules if rule.kind == "rename"]

    @property
    def changed_columns(self) -> set[str]:
        return {folded(rule.column) for rule in self.rules if rule.kind != "add"}

    def check(self, *states: str) -> None:
        if self.status not in states:
            raise InvalidArgument(f"migration {self.proposal_id} is {self.status} already")

    def check_fresh(self, cursor: LakeCursor) -> None:
        """Raises InvalidArgument if the table is another one than it was made for."""
        unchanged = digest_of(columns_of(cursor, self.full)) == self.columns_sha256
        if not unchanged or self.dataset != self.proposed_for:
            raise InvalidArgument(
                f"migration {self.proposal_id} is stale: {self.dataset} has changed since it was proposed. "
                "Load again for one that fits it as it is now"
            )

    def check_effect(self, cursor: LakeCursor) -> None:
        """Raises InvalidArgument if more values would be lost than it tells: rows have come or changed since."""
        now = with_effect(cursor, self.rules, self.full, columns_of(cursor, self.full))
        if loses_more(now, self.rules):
            worse = "; ".join(rule.told() for rule in now if rule.lost_values)
            raise InvalidArgument(
                f"migration {self.proposal_id} is stale: values of {self.dataset} have changed since it was proposed, "
                f"now it is to {worse}. Load, or ask the model, again for one that says so"
            )

    def record(
        self, cursor: LakeCursor, actor: str, status: str, broken: list[str] | None, reason: str | None = None
    ) -> dict[str, Any]:
        """The row that the operation answers with."""
        values = {
            "proposal_id": self.proposal_id,
            "table_id": self.table_id,
            "dataset": self.dataset,
            "status": status,
            "broken_views": broken,
            "reason": reason,
            "actor": actor,
        }
        cursor.execute(SQL["change"], values)
        told = {"proposal_id": self.proposal_id, "dataset": self.dataset, "status": status}
        return told | {"statements": self.statements, "broken_views": broken}


def decided(
    engine: Engine, author: str, proposal_id: str, what: str, work: Callable[[LakeCursor, Decision], dict[str, Any]]
) -> dict[str, Any]:
    """Of two decisions at once the first counts, on whatever server: the second finds the first's state, or conflicts
    with its change of the table and is run again. Raises NotFound."""
    first = engine.read(lambda cursor: find(cursor, proposal_id))
    locked = f"{first.schema}.{first.table}".lower()

    def decide(cursor: LakeCursor) -> dict[str, Any]:
        found = find(cursor, proposal_id)
        if f"{found.schema}.{found.table}".lower() != locked:
            raise InvalidArgument(f"{first.dataset} was renamed just now: call again")
        return work(cursor, found)

    cursor = engine.cursor(author)
    try:
        with engine.locks.holding(locked, client_gone.get()):
            return commit_on(cursor, author, f"{what} migration {proposal_id} of {first.dataset}", decide)
    finally:
        cursor.close()


def find(cursor: LakeCursor, proposal_id: str) -> Decision:
    """Raises NotFound."""
    rows = cursor.rows(SQL["found"], [proposal_id])
    if not rows:
        raise NotFound(f"there is no migration {proposal_id!r}: see catalog.migration_proposals")
    table_id, status, columns_sha256, statements, rules, dataset = rows[0]
    names = cursor.rows(SQL["table_name"], [table_id])
    if not names:
        raise NotFound(f"the table {dataset} of migration {proposal_id} is gone")
    [(schema, table)] = names
    return Decision(
        proposal_id,
        table_id,
        status,
        columns_sha256,
        list(statements),
        rules_of_json(rules),
        str(dataset),
        str(schema),
        str(table),
    )
